//! Every class that a built-in detector finds.

use crate::class::Class;

/// Declares a constant for each class and the list of all, which must be in the order of the names.
macro_rules! classes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub(crate) const $constant: Class = Class::new($name);)*

        /// All of them, in order.
        pub(crate) const ALL: &[Class] = &[$($constant),*];
    };
}

/// The kinds of classes that are no values that somebody may not see.
pub(crate) const NOT_SENSITIVE: &[&str] = &["network", "path", "prompt", "shell", "sql", "unicode"];

/// A token of any service.
pub(crate) const TOKEN: Class = Class::new("secret.token");

classes! {
    /// An identity number of the United Arab Emirates.
    AE_EMIRATES_ID = "pii.ae_emirates_id";
    /// A tax or labour number (CUIT, CUIL) of Argentina.
    AR_CUIT = "pii.ar_cuit";
    /// A business number of Australia.
    AU_ABN = "pii.au_abn";
    /// A company number of Australia.
    AU_ACN = "pii.au_acn";
    /// A health insurance number of Australia.
    AU_MEDICARE = "pii.au_medicare";
    /// A tax file number of Australia.
    AU_TFN = "pii.au_tfn";
    /// A company number of Brazil.
    BR_CNPJ = "pii.br_cnpj";
    /// A personal tax number of Brazil.
    BR_CPF = "pii.br_cpf";
    /// A social insurance number of Canada.
    CA_SIN = "pii.ca_sin";
    /// A payment card number, ISO/IEC 7812.
    CARD = "pii.card";
    /// A tax or identity number of Chile.
    CL_RUT = "pii.cl_rut";
    /// A resident identity number of China, GB 11643.
    CN_RESIDENT_ID = "pii.cn_resident_id";
    /// A tax number of Colombia.
    CO_NIT = "pii.co_nit";
    /// An electronic mail address, RFC 5321 in the form people use.
    EMAIL = "pii.email";
    /// An identity card number of Hong Kong.
    HK_HKID = "pii.hk_hkid";
    /// An international bank account number, ISO 13616.
    IBAN = "pii.iban";
    /// A population number of Indonesia.
    ID_NIK = "pii.id_nik";
    /// An identity number of Israel.
    IL_ID = "pii.il_id";
    /// An identity number of India.
    IN_AADHAAR = "pii.in_aadhaar";
    /// A permanent account number of India, for taxes.
    IN_PAN = "pii.in_pan";
    /// An individual number of Japan.
    JP_MY_NUMBER = "pii.jp_my_number";
    /// A resident registration number of Korea.
    KR_RRN = "pii.kr_rrn";
    /// A machine readable zone of a travel document, ICAO 9303.
    MRZ = "pii.mrz";
    /// A population key of Mexico.
    MX_CURP = "pii.mx_curp";
    /// A tax key of Mexico.
    MX_RFC = "pii.mx_rfc";
    /// An identity card number of Malaysia.
    MY_NRIC = "pii.my_nric";
    /// A tax number of New Zealand.
    NZ_IRD = "pii.nz_ird";
    /// A passport number of any country.
    PASSPORT = "pii.passport";
    /// An identity card number of Singapore, of citizens or foreigners.
    SG_NRIC = "pii.sg_nric";
    /// An identity number of Thailand.
    TH_TNIN = "pii.th_tnin";
    /// An identity number of Turkey.
    TR_TCKN = "pii.tr_tckn";
    /// An identity number of Taiwan.
    TW_NATIONAL_ID = "pii.tw_national_id";
    /// A social security number of the United States.
    US_SSN = "pii.us_ssn";
    /// An identity number of South Africa.
    ZA_ID = "pii.za_id";
    /// A token of GitHub.
    TOKEN_GITHUB = "secret.token.github";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_names_nothing_twice() {
        assert!(ALL.is_sorted_by(|left, right| left < right), "{ALL:?}");
    }

    #[test]
    fn every_name_is_one_that_policies_can_name() {
        for class in ALL {
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            assert!(class.as_str().split('.').all(is_word) && class.as_str().contains('.'), "{class}");
        }
    }
}
