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
    /// An insurance number of Austria.
    AT_SVNR = "pii.at_svnr";
    /// A national number of Belgium.
    BE_NATIONAL_NUMBER = "pii.be_national_number";
    /// A payment card number, ISO/IEC 7812.
    CARD = "pii.card";
    /// An insurance number of Switzerland.
    CH_AHV = "pii.ch_ahv";
    /// A birth number of the Czech Republic or Slovakia.
    CZ_RODNE_CISLO = "pii.cz_rodne_cislo";
    /// A number of an identity card of Germany.
    DE_ID_CARD = "pii.de_id_card";
    /// A number of a passport of Germany.
    DE_PASSPORT = "pii.de_passport";
    /// An insurance number of Germany.
    DE_SOCIAL_SECURITY = "pii.de_social_security";
    /// A tax identification number of Germany.
    DE_TAX_ID = "pii.de_tax_id";
    /// A personal number of Denmark.
    DK_CPR = "pii.dk_cpr";
    /// An electronic mail address, RFC 5321 in the form people use.
    EMAIL = "pii.email";
    /// A tax number of a company in Spain.
    ES_CIF = "pii.es_cif";
    /// A number of a foreigner in Spain.
    ES_NIE = "pii.es_nie";
    /// A number of an identity document of Spain.
    ES_NIF = "pii.es_nif";
    /// A personal identity code of Finland.
    FI_HETU = "pii.fi_hetu";
    /// A number of the national register of France.
    FR_NIR = "pii.fr_nir";
    /// An international bank account number, ISO 13616.
    IBAN = "pii.iban";
    /// A personal public service number of Ireland.
    IE_PPS = "pii.ie_pps";
    /// A fiscal code of Italy.
    IT_FISCAL_CODE = "pii.it_fiscal_code";
    /// A VAT number of Italy.
    IT_VAT = "pii.it_vat";
    /// A service number of a citizen of the Netherlands.
    NL_BSN = "pii.nl_bsn";
    /// A national identity number of Norway.
    NO_FODSELSNUMMER = "pii.no_fodselsnummer";
    /// A taxpayer number of Poland.
    PL_NIP = "pii.pl_nip";
    /// A number of the population register of Poland.
    PL_PESEL = "pii.pl_pesel";
    /// A taxpayer number of Portugal.
    PT_NIF = "pii.pt_nif";
    /// A personal or coordination number of Sweden.
    SE_PERSONNUMMER = "pii.se_personnummer";
    /// A driver number of the United Kingdom.
    UK_DRIVING_LICENCE = "pii.uk_driving_licence";
    /// A number of the National Health Service of the United Kingdom.
    UK_NHS = "pii.uk_nhs";
    /// A national insurance number of the United Kingdom.
    UK_NINO = "pii.uk_nino";
    /// A number of a passport of the United Kingdom.
    UK_PASSPORT = "pii.uk_passport";
    /// A number of a bank account in the United States.
    US_BANK_ACCOUNT = "pii.us_bank_account";
    /// A routing number of a bank in the United States.
    US_BANK_ROUTING = "pii.us_bank_routing";
    /// A registration of the Drug Enforcement Administration of the United States.
    US_DEA = "pii.us_dea";
    /// A number of a driving licence of a state of the United States.
    US_DRIVING_LICENCE = "pii.us_driving_licence";
    /// An individual taxpayer identification number of the United States.
    US_ITIN = "pii.us_itin";
    /// A national provider identifier of the United States.
    US_NPI = "pii.us_npi";
    /// A number of a passport of the United States.
    US_PASSPORT = "pii.us_passport";
    /// A social security number of the United States.
    US_SSN = "pii.us_ssn";
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
