//! Generated from `wit/`: the traits behind a component's imports. Not generated: WASI itself, which comes with
//! `wasmtime-wasi` and `wasmtime-wasi-http`.
//!
//! Functions that are asynchronous in WIT get an accessor and run at the same time; the others have the store to
//! themselves while they run.

wasmtime::component::bindgen!({
    path: "wit",
    world: "portcullis:host/application",
    imports: {
        "spin:key-value/key-value.[drop]store": trappable,
        "spin:key-value/key-value": async | store | trappable,
        "spin:variables/variables": async | store | trappable,
        default: async | trappable,
    },
    with: {
        "spin:key-value/key-value.store": crate::guest::OpenStore,
        "wasi:keyvalue/store.bucket": crate::guest::OpenStore,
        "wasi:keyvalue/atomics.cas": crate::guest::OpenSwap,
    },
});
