//! What is measured: one entry for each class.

use crate::generate::{Layouts, americas, asia, europe, everywhere, north, south, states};
use crate::random::Random;

/// How the values of a class are built, and what of them must be found.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) class: &'static str,
    /// Builds a valid value, in each of its layouts.
    pub(crate) build: fn(&mut Random) -> Layouts,
    /// The layouts, by their place, that must be found where nothing tells what they are.
    pub(crate) alone: &'static [usize],
    /// What people call it.
    pub(crate) words: &'static [&'static str],
    /// What members of objects are called that hold one.
    pub(crate) members: &'static [&'static str],
    /// How a value is made one that fails its check.
    pub(crate) damage: Damage,
}

/// The least precision and recall of a class.
pub(crate) fn floors(class: &str) -> (f64, f64) {
    LOWER.iter().find(|(other, _)| *other == class).map_or(USUAL, |(_, floors)| *floors)
}

/// Which character is changed so that no check can hold any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    First,
    Last,
    /// There is no check, or not every value has one.
    None,
}

/// The least precision and recall of a class.
const USUAL: (f64, f64) = (0.99, 0.99);

/// Where numbers are valid values of two classes. Identity numbers that also have the length, the issuer and the check
/// of a card count as cards, and are masked as both; `social` speaks of social security, and of social insurance with
/// numbers that fail the check of Canada; `personnummer` is Swedish and Danish, and numbers of Denmark have no check.
const LOWER: &[(&str, (f64, f64))] = &[
    ("pii.card", (0.90, 0.99)),
    ("pii.cn_resident_id", (0.99, 0.96)),
    ("pii.dk_cpr", (0.92, 0.99)),
    ("pii.fi_hetu", (0.98, 0.99)),
    ("pii.id_nik", (0.99, 0.96)),
    ("pii.se_personnummer", (0.96, 0.94)),
    ("pii.us_ssn", (0.85, 0.99)),
    ("pii.za_id", (0.99, 0.92)),
];

macro_rules! entries {
    ($($class:literal, $build:path, $alone:expr, $damage:ident, $words:expr, $members:expr;)*) => {
        &[$(Entry {
            class: $class,
            build: $build,
            alone: &$alone,
            words: &$words,
            members: &$members,
            damage: Damage::$damage,
        }),*]
    };
}

/// Class, generator, layouts that are found alone, damage, words, members.
pub(crate) const ENTRIES: &[Entry] = entries! {
    "pii.ae_emirates_id", south::ae_emirates_id, [0, 1], None, ["Emirates ID", "EID"], ["emiratesId", "eid"];
    "pii.ar_cuit", americas::ar_cuit, [0], Last, ["CUIT", "CUIL"], ["cuit", "nroCuit"];
    "pii.at_svnr", europe::at_svnr, [], None, ["SVNR", "Sozialversicherungsnummer"], ["svnr", "svNummer"];
    "pii.au_abn", south::au_abn, [], Last, ["ABN", "Australian business number"], ["abn", "supplierAbn"];
    "pii.au_acn", south::au_acn, [], Last, ["ACN"], ["acn", "company_acn"];
    "pii.au_medicare", south::au_medicare, [], First, ["Medicare number"], ["medicareNumber", "medicare"];
    "pii.au_tfn", south::au_tfn, [], Last, ["TFN", "tax file number"], ["tfn", "taxFileNumber"];
    "pii.be_national_number", europe::be_national_number, [0, 1], Last, ["Rijksregisternummer", "NISS"], ["nationalNumber", "rijksregisternummer"];
    "pii.br_cnpj", americas::br_cnpj, [0, 2], Last, ["CNPJ"], ["cnpj", "nr_cnpj"];
    "pii.br_cpf", americas::br_cpf, [0], Last, ["CPF"], ["cpf", "numeroCpf"];
    "pii.ca_sin", americas::ca_sin, [], Last, ["SIN", "social insurance number", "NAS"], ["sin", "socialInsuranceNumber"];
    "pii.card", everywhere::card, [0, 1, 2], Last, ["card", "credit card"], ["card", "number"];
    "pii.ch_ahv", europe::ch_ahv, [0, 1], Last, ["AHV-Nr.", "numéro AVS"], ["ahv", "ahvNummer"];
    "pii.cl_rut", americas::cl_rut, [0], Last, ["RUT"], ["rut", "rutCliente"];
    "pii.cn_resident_id", asia::cn_resident_id, [0], Last, ["身份证号", "resident identity card"], ["idCard", "sfz"];
    "pii.co_nit", americas::co_nit, [0], Last, ["NIT"], ["nit", "nit_empresa"];
    "pii.cz_rodne_cislo", europe::cz_rodne_cislo, [0], Last, ["rodné číslo", "birth number"], ["rodneCislo", "birthNumber"];
    "pii.de_id_card", europe::de_id_card, [], None, ["Personalausweis", "Ausweisnummer"], ["ausweisnummer", "personalausweis"];
    "pii.de_passport", europe::de_passport, [], None, ["Reisepass", "Reisepassnummer"], ["reisepass", "passnummer"];
    "pii.de_social_security", europe::de_social_security, [0, 1], Last, ["Rentenversicherungsnummer", "RVNR"], ["rvnr", "rentenversicherungsnummer"];
    "pii.de_tax_id", europe::de_tax_id, [0], Last, ["Steuer-ID", "IdNr."], ["steuerId", "taxId"];
    "pii.dk_cpr", north::dk_cpr, [], None, ["CPR", "CPR-nr."], ["cpr", "cprNummer"];
    "pii.email", everywhere::email, [0, 1], None, ["e-mail", "contact"], ["email", "user"];
    "pii.es_cif", europe::es_cif, [], Last, ["CIF"], ["cif"];
    "pii.es_nie", europe::es_nie, [0, 1], Last, ["NIE"], ["nie", "nieNumber"];
    "pii.es_nif", europe::es_nif, [0, 1, 2], Last, ["NIF", "DNI"], ["nif", "dni"];
    "pii.fi_hetu", north::fi_hetu, [0], Last, ["henkilötunnus", "HETU"], ["hetu", "henkilotunnus"];
    "pii.fr_nir", europe::fr_nir, [0, 1], Last, ["NIR", "numéro de sécurité sociale"], ["nir", "numeroNir"];
    "pii.hk_hkid", asia::hk_hkid, [0], Last, ["HKID", "身份證號碼"], ["hkid", "hkidNumber"];
    "pii.iban", everywhere::iban, [0, 1], Last, ["IBAN", "account"], ["iban", "account"];
    "pii.id_nik", asia::id_nik, [], None, ["NIK", "No. KTP"], ["nik", "nomorKtp"];
    "pii.ie_pps", north::ie_pps, [], None, ["PPS number", "PPSN"], ["ppsn", "ppsNumber"];
    "pii.il_id", south::il_id, [], Last, ["Teudat Zehut", "תעודת זהות", "Israeli ID"], ["teudatZehut", "israeliId"];
    "pii.in_aadhaar", asia::in_aadhaar, [], Last, ["Aadhaar", "Aadhar number"], ["aadhaar", "aadhaarNumber"];
    "pii.in_pan", asia::in_pan, [], None, ["PAN", "permanent account number"], ["pan", "panNumber"];
    "pii.it_fiscal_code", europe::it_fiscal_code, [0, 1], Last, ["codice fiscale", "CF"], ["codiceFiscale", "cf"];
    "pii.it_vat", europe::it_vat, [0], Last, ["partita IVA", "P. IVA"], ["partitaIva", "piva"];
    "pii.jp_my_number", asia::jp_my_number, [], Last, ["My Number", "マイナンバー", "個人番号"], ["myNumber", "my_number"];
    "pii.kr_rrn", asia::kr_rrn, [0], Last, ["RRN", "resident registration number", "주민등록번호"], ["rrn", "residentRegistrationNumber"];
    "pii.mrz", everywhere::mrz, [0, 1], None, ["MRZ", "scan"], ["mrz", "text"];
    "pii.mx_curp", americas::mx_curp, [0], Last, ["CURP"], ["curp", "claveCurp"];
    "pii.mx_rfc", americas::mx_rfc, [], Last, ["RFC", "Registro Federal de Contribuyentes"], ["rfc", "rfcReceptor"];
    "pii.my_nric", asia::my_nric, [], None, ["MyKad", "NRIC", "No. kad pengenalan"], ["mykad", "nric"];
    "pii.nl_bsn", europe::nl_bsn, [], Last, ["BSN", "burgerservicenummer"], ["bsn", "sofinummer"];
    "pii.no_fodselsnummer", north::no_fodselsnummer, [0, 1], Last, ["fødselsnummer", "fnr"], ["fodselsnummer", "fnr"];
    "pii.nz_ird", south::nz_ird, [], Last, ["IRD number"], ["ird", "irdNumber"];
    "pii.passport", everywhere::passport, [], None, ["passport", "Passport No.", "pasaporte"], ["passport", "passportNumber"];
    "pii.pl_nip", europe::pl_nip, [2], Last, ["NIP"], ["nip", "nipNumber"];
    "pii.pl_pesel", europe::pl_pesel, [], Last, ["PESEL"], ["pesel", "numerPesel"];
    "pii.pt_nif", europe::pt_nif, [2], Last, ["NIF", "número de contribuinte"], ["nif", "contribuinte"];
    "pii.se_personnummer", north::se_personnummer, [0, 2], Last, ["personnummer"], ["personnummer", "personNr"];
    "pii.sg_nric", asia::sg_nric, [0], Last, ["NRIC", "FIN"], ["nric", "id"];
    "pii.th_tnin", asia::th_tnin, [0], Last, ["TNIN", "บัตรประชาชน"], ["tnin", "thaiId"];
    "pii.tr_tckn", south::tr_tckn, [], Last, ["T.C. Kimlik No", "TCKN"], ["tckn", "kimlikNo"];
    "pii.tw_national_id", asia::tw_national_id, [], Last, ["身分證字號", "Taiwan ID"], ["nationalId", "taiwanId"];
    "pii.uk_driving_licence", north::uk_driving_licence, [0], None, ["driving licence", "driver number"], ["drivingLicence", "driverNumber"];
    "pii.uk_nhs", north::uk_nhs, [], Last, ["NHS number", "NHS no"], ["nhsNumber", "nhs"];
    "pii.uk_nino", north::uk_nino, [0, 1], None, ["NINO", "National Insurance number"], ["nino", "nationalInsuranceNumber"];
    "pii.uk_passport", north::uk_passport, [], None, ["UK passport", "British passport"], ["ukPassport"];
    "pii.us_bank_account", states::us_bank_account, [], None, ["account number", "bank account"], ["accountNumber", "bankAccount"];
    "pii.us_bank_routing", states::us_bank_routing, [], Last, ["routing number", "ABA number"], ["routingNumber", "abaNumber"];
    "pii.us_dea", states::us_dea, [], Last, ["DEA number", "DEA registration"], ["deaNumber", "dea"];
    "pii.us_driving_licence", states::us_driving_licence, [], None, ["driver's license", "driving license"], ["driversLicense", "driverLicense"];
    "pii.us_itin", states::us_itin, [1], None, ["ITIN", "taxpayer id"], ["itin"];
    "pii.us_npi", states::us_npi, [], Last, ["NPI", "provider identifier"], ["npi", "providerId"];
    "pii.us_passport", states::us_passport, [], None, ["US passport", "American passport"], ["usPassport"];
    "pii.us_ssn", everywhere::us_ssn, [], None, ["SSN", "social security number"], ["ssn", "customerSsn"];
    "pii.vehicle", states::vehicle, [], None, ["VIN", "chassis"], ["vin", "vehicleVin"];
    "pii.za_id", south::za_id, [], Last, ["ID number", "South African ID"], ["idNumber", "saId"];
    "secret.token.github", everywhere::github, [0, 1], None, ["token", "GITHUB_TOKEN"], ["token", "auth"];
};
