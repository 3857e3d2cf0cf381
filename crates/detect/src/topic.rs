//! What the words around a value can speak of, and the words, in lower case.

/// A subject that makes a weak value a strong one. At most 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Birth,
    Call,
    Crypto,
    Ip,
    Mac,
    Phone,
    UsSsn,
    Vehicle,
    Version,
}

/// The words that speak of each topic: single words as [`crate::context`] splits them.
pub(crate) const CUES: &[(Topic, &[&str])] = &[
    (Topic::Birth, BIRTH),
    (
        Topic::Call,
        &["call", "called", "callback", "cell", "contact", "dial", "hotline", "helpline", "ring", "sms"],
    ),
    (Topic::Crypto, CRYPTO),
    (Topic::Ip, IP),
    (Topic::Mac, &["bssid", "ether", "ethernet", "hwaddr", "lladdr", "mac"]),
    (Topic::Phone, PHONE),
    (Topic::UsSsn, &["ssn", "ssns", "social", "ssid"]),
    (Topic::Vehicle, &["chassis", "fahrgestellnummer", "fin", "vehicle", "vin"]),
    (Topic::Version, VERSION),
];

#[rustfmt::skip]
const BIRTH: &[&str] = &[
    "bday", "birth", "birthdate", "birthday", "born", "dateofbirth", "dob", "födelsedatum", "geb", "geboortedatum",
    "geboren", "geburtsdatum", "geburtstag", "nacida", "nacido", "nacimiento", "naissance", "nascida", "nascido",
    "nascimento", "nascita", "né", "née", "urodzenia",
];

#[rustfmt::skip]
const CRYPTO: &[&str] = &[
    "bitcoin", "blockchain", "bnb", "btc", "crypto", "erc", "eth", "ethereum", "etherscan", "evm", "metamask",
    "phantom", "solana", "usdc", "usdt", "wallet", "wallets",
];

#[rustfmt::skip]
const IP: &[&str] = &[
    "addr", "address", "cidr", "dns", "gateway", "host", "hostname", "inet", "ip", "ips", "ipv", "listen", "nameserver",
    "peer", "ping", "resolver", "server", "subnet",
];

#[rustfmt::skip]
const PHONE: &[&str] = &[
    "cellphone", "celular", "cellulare", "fax", "gsm", "handynummer", "landline", "mobiel", "mobil", "mobile",
    "mobilnummer", "mobiltelefon", "móvil", "movil", "msisdn", "phone", "phonenumber", "phones", "portable",
    "rufnummer", "tel", "teléfono", "telefax", "telefon", "telefone", "telefono", "telefonnummer", "telefoon",
    "telephone", "tels", "tlf", "tél", "téléphone", "whatsapp",
];

#[rustfmt::skip]
const VERSION: &[&str] = &[
    "build", "chapter", "clause", "firmware", "oid", "rel", "release", "section", "v", "ver", "version", "versions",
];
