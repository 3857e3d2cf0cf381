use portcullis_host::{Host, Manifest};
use std::collections::BTreeMap;
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let t = std::time::Instant::now();
    let manifest = match Manifest::load(&args[1]) {
        Ok(m) => m,
        Err(e) => {
            eprintln!("{e}");
            return;
        }
    };
    let mut b =
        Host::builder(manifest).state_dir(&args[3]).environment(std::env::vars().collect::<BTreeMap<_, _>>());
    if let Ok(v) = std::env::var("TLS") {
        let (c, k) = v.split_once(',').unwrap();
        b = b.tls(c, k);
    }
    let host = match b.build().await {
        Ok(h) => h,
        Err(e) => {
            eprintln!("{e}");
            return;
        }
    };
    let bound = match host.bind(args[2].parse().unwrap()).await {
        Ok(h) => h,
        Err(e) => {
            eprintln!("{e}");
            return;
        }
    };
    eprintln!("serving {} after {:?}", bound.local_addr(), t.elapsed());
    let stopped = bound
        .serve(async {
            tokio::signal::ctrl_c().await.unwrap();
        })
        .await;
    eprintln!("{stopped:?}");
}
