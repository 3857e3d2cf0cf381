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
    /// An address of version 4 or 6 of the Internet Protocol, RFC 791 and RFC 4291.
    IP = "network.ip";
    /// An address of a network's interface, EUI-48 or EUI-64.
    MAC = "network.mac";
    /// A path that leaves the folder it should stay in, found by `portcullis-danger` like all of `path`, `shell` and `sql`.
    PATH_TRAVERSAL = "path.traversal";
    /// An identity number of the United Arab Emirates.
    AE_EMIRATES_ID = "pii.ae_emirates_id";
    /// A tax or labour number (CUIT, CUIL) of Argentina.
    AR_CUIT = "pii.ar_cuit";
    /// An insurance number of Austria.
    AT_SVNR = "pii.at_svnr";
    /// A business number of Australia.
    AU_ABN = "pii.au_abn";
    /// A company number of Australia.
    AU_ACN = "pii.au_acn";
    /// A health insurance number of Australia.
    AU_MEDICARE = "pii.au_medicare";
    /// A tax file number of Australia.
    AU_TFN = "pii.au_tfn";
    /// A national number of Belgium.
    BE_NATIONAL_NUMBER = "pii.be_national_number";
    /// A date of birth.
    BIRTH_DATE = "pii.birth_date";
    /// A company number of Brazil.
    BR_CNPJ = "pii.br_cnpj";
    /// A personal tax number of Brazil.
    BR_CPF = "pii.br_cpf";
    /// A social insurance number of Canada.
    CA_SIN = "pii.ca_sin";
    /// A payment card number, ISO/IEC 7812.
    CARD = "pii.card";
    /// An insurance number of Switzerland.
    CH_AHV = "pii.ch_ahv";
    /// A tax or identity number of Chile.
    CL_RUT = "pii.cl_rut";
    /// A resident identity number of China, GB 11643.
    CN_RESIDENT_ID = "pii.cn_resident_id";
    /// A tax number of Colombia.
    CO_NIT = "pii.co_nit";
    /// An address of a crypto currency.
    CRYPTO_ADDRESS = "pii.crypto_address";
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
    /// An identity card number of Hong Kong.
    HK_HKID = "pii.hk_hkid";
    /// An international bank account number, ISO 13616.
    IBAN = "pii.iban";
    /// A population number of Indonesia.
    ID_NIK = "pii.id_nik";
    /// A personal public service number of Ireland.
    IE_PPS = "pii.ie_pps";
    /// An identity number of Israel.
    IL_ID = "pii.il_id";
    /// An identity number of India.
    IN_AADHAAR = "pii.in_aadhaar";
    /// A permanent account number of India, for taxes.
    IN_PAN = "pii.in_pan";
    /// A fiscal code of Italy.
    IT_FISCAL_CODE = "pii.it_fiscal_code";
    /// A VAT number of Italy.
    IT_VAT = "pii.it_vat";
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
    /// A service number of a citizen of the Netherlands.
    NL_BSN = "pii.nl_bsn";
    /// A national identity number of Norway.
    NO_FODSELSNUMMER = "pii.no_fodselsnummer";
    /// A tax number of New Zealand.
    NZ_IRD = "pii.nz_ird";
    /// A passport number of any country.
    PASSPORT = "pii.passport";
    /// A telephone number, ITU-T E.164.
    PHONE = "pii.phone";
    /// A taxpayer number of Poland.
    PL_NIP = "pii.pl_nip";
    /// A number of the population register of Poland.
    PL_PESEL = "pii.pl_pesel";
    /// A taxpayer number of Portugal.
    PT_NIF = "pii.pt_nif";
    /// A personal or coordination number of Sweden.
    SE_PERSONNUMMER = "pii.se_personnummer";
    /// An identity card number of Singapore, of citizens or foreigners.
    SG_NRIC = "pii.sg_nric";
    /// An identity number of Thailand.
    TH_TNIN = "pii.th_tnin";
    /// An identity number of Turkey.
    TR_TCKN = "pii.tr_tckn";
    /// An identity number of Taiwan.
    TW_NATIONAL_ID = "pii.tw_national_id";
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
    /// A vehicle identification number, ISO 3779.
    VEHICLE = "pii.vehicle";
    /// An identity number of South Africa.
    ZA_ID = "pii.za_id";
    /// Text that tries to steer the model that reads it.
    PROMPT_INJECTION = "prompt.injection";
    /// What an `Authorization` field of HTTP carries, RFC 9110 section 11.
    AUTHORIZATION = "secret.authorization";
    /// The value of a cookie that keeps a session, RFC 6265.
    COOKIE = "secret.cookie";
    /// A credential that the gateway shows an upstream.
    CREDENTIAL = "secret.credential";
    /// A JSON web token, signed (RFC 7515) or encrypted (RFC 7516).
    JWT = "secret.jwt";
    /// A password, key or secret that is the value of a name that says so.
    PASSWORD = "secret.password";
    /// A hash of a password, as in `/etc/shadow`.
    PASSWORD_HASH = "secret.password_hash";
    /// A private key: PEM (RFC 7468), OpenPGP, OpenSSH, PuTTY.
    PRIVATE_KEY = "secret.private_key";
    // Tokens of services.
    TOKEN_ABLY = "secret.token.ably"; TOKEN_ABUSEIPDB = "secret.token.abuseipdb";
    TOKEN_ACTIVECAMPAIGN = "secret.token.activecampaign"; TOKEN_ADAFRUIT = "secret.token.adafruit";
    TOKEN_ADOBE = "secret.token.adobe"; TOKEN_ADYEN = "secret.token.adyen"; TOKEN_AGE = "secret.token.age";
    TOKEN_AIRTABLE = "secret.token.airtable"; TOKEN_AIVEN = "secret.token.aiven";
    TOKEN_ALGOLIA = "secret.token.algolia"; TOKEN_ALIBABA = "secret.token.alibaba";
    TOKEN_AMAZON_MWS = "secret.token.amazon_mws"; TOKEN_AMPLITUDE = "secret.token.amplitude";
    TOKEN_ANTHROPIC = "secret.token.anthropic"; TOKEN_ANYSCALE = "secret.token.anyscale";
    TOKEN_APPSIGNAL = "secret.token.appsignal"; TOKEN_APPVEYOR = "secret.token.appveyor";
    TOKEN_ARTIFACTORY = "secret.token.artifactory"; TOKEN_ASANA = "secret.token.asana";
    TOKEN_ASSEMBLYAI = "secret.token.assemblyai"; TOKEN_ASTRA = "secret.token.astra";
    TOKEN_ATLASSIAN = "secret.token.atlassian"; TOKEN_AUTH0 = "secret.token.auth0";
    TOKEN_AWS = "secret.token.aws"; TOKEN_AXIOM = "secret.token.axiom"; TOKEN_AZURE = "secret.token.azure";
    TOKEN_AZURE_DEVOPS = "secret.token.azure_devops"; TOKEN_BACKBLAZE = "secret.token.backblaze";
    TOKEN_BASETEN = "secret.token.baseten"; TOKEN_BEAMER = "secret.token.beamer";
    TOKEN_BETTERSTACK = "secret.token.betterstack"; TOKEN_BIGCOMMERCE = "secret.token.bigcommerce";
    TOKEN_BINANCE = "secret.token.binance"; TOKEN_BITBUCKET = "secret.token.bitbucket";
    TOKEN_BITRISE = "secret.token.bitrise"; TOKEN_BITWARDEN = "secret.token.bitwarden";
    TOKEN_BOX = "secret.token.box"; TOKEN_BRAINTREE = "secret.token.braintree";
    TOKEN_BREVO = "secret.token.brevo"; TOKEN_BROWSERSTACK = "secret.token.browserstack";
    TOKEN_BUGSNAG = "secret.token.bugsnag"; TOKEN_BUILDKITE = "secret.token.buildkite";
    TOKEN_CEREBRAS = "secret.token.cerebras"; TOKEN_CHECKLY = "secret.token.checkly";
    TOKEN_CHECKOUT = "secret.token.checkout"; TOKEN_CIRCLECI = "secret.token.circleci";
    TOKEN_CIVO = "secret.token.civo"; TOKEN_CLARIFAI = "secret.token.clarifai";
    TOKEN_CLICKHOUSE = "secret.token.clickhouse"; TOKEN_CLICKUP = "secret.token.clickup";
    TOKEN_CLOJARS = "secret.token.clojars"; TOKEN_CLOUDFLARE = "secret.token.cloudflare";
    TOKEN_CLOUDSMITH = "secret.token.cloudsmith"; TOKEN_COCKROACH = "secret.token.cockroach";
    TOKEN_CODA = "secret.token.coda"; TOKEN_CODECLIMATE = "secret.token.codeclimate";
    TOKEN_CODECOV = "secret.token.codecov"; TOKEN_CODEFRESH = "secret.token.codefresh";
    TOKEN_COHERE = "secret.token.cohere"; TOKEN_COINBASE = "secret.token.coinbase";
    TOKEN_CONFLUENT = "secret.token.confluent"; TOKEN_CONSUL = "secret.token.consul";
    TOKEN_CONTENTFUL = "secret.token.contentful"; TOKEN_COVERALLS = "secret.token.coveralls";
    TOKEN_CRATES = "secret.token.crates"; TOKEN_CRONITOR = "secret.token.cronitor";
    TOKEN_CURSOR = "secret.token.cursor"; TOKEN_CUSTOMERIO = "secret.token.customerio";
    TOKEN_CYPRESS = "secret.token.cypress"; TOKEN_DASHSCOPE = "secret.token.dashscope";
    TOKEN_DATABRICKS = "secret.token.databricks"; TOKEN_DATADOG = "secret.token.datadog";
    TOKEN_DBT = "secret.token.dbt"; TOKEN_DEEPGRAM = "secret.token.deepgram";
    TOKEN_DEEPSEEK = "secret.token.deepseek"; TOKEN_DEFINED_NETWORKING = "secret.token.defined_networking";
    TOKEN_DENO = "secret.token.deno"; TOKEN_DIGITALOCEAN = "secret.token.digitalocean";
    TOKEN_DINGTALK = "secret.token.dingtalk"; TOKEN_DISCORD = "secret.token.discord";
    TOKEN_DOCKER = "secret.token.docker"; TOKEN_DOPPLER = "secret.token.doppler";
    TOKEN_DRONE = "secret.token.drone"; TOKEN_DROPBOX = "secret.token.dropbox";
    TOKEN_DUFFEL = "secret.token.duffel"; TOKEN_DUO = "secret.token.duo";
    TOKEN_DYNATRACE = "secret.token.dynatrace"; TOKEN_E2B = "secret.token.e2b";
    TOKEN_EASYPOST = "secret.token.easypost"; TOKEN_ELASTIC = "secret.token.elastic";
    TOKEN_ELEVENLABS = "secret.token.elevenlabs"; TOKEN_ETSY = "secret.token.etsy";
    TOKEN_EXA = "secret.token.exa"; TOKEN_EXOSCALE = "secret.token.exoscale";
    TOKEN_FACEBOOK = "secret.token.facebook"; TOKEN_FASTLY = "secret.token.fastly";
    TOKEN_FAUNA = "secret.token.fauna"; TOKEN_FEISHU = "secret.token.feishu";
    TOKEN_FIGMA = "secret.token.figma"; TOKEN_FINICITY = "secret.token.finicity";
    TOKEN_FINNHUB = "secret.token.finnhub"; TOKEN_FIRECRAWL = "secret.token.firecrawl";
    TOKEN_FIREWORKS = "secret.token.fireworks"; TOKEN_FLICKR = "secret.token.flickr";
    TOKEN_FLUTTERWAVE = "secret.token.flutterwave"; TOKEN_FLY = "secret.token.fly";
    TOKEN_FRAMEIO = "secret.token.frameio"; TOKEN_FRESHBOOKS = "secret.token.freshbooks";
    TOKEN_FRESHDESK = "secret.token.freshdesk"; TOKEN_GEMFURY = "secret.token.gemfury";
    TOKEN_GETSTREAM = "secret.token.getstream"; TOKEN_GHOST = "secret.token.ghost";
    TOKEN_GITEA = "secret.token.gitea"; TOKEN_GITHUB = "secret.token.github";
    TOKEN_GITLAB = "secret.token.gitlab"; TOKEN_GITTER = "secret.token.gitter";
    TOKEN_GOCARDLESS = "secret.token.gocardless"; TOKEN_GOOGLE = "secret.token.google";
    TOKEN_GRAFANA = "secret.token.grafana"; TOKEN_GROQ = "secret.token.groq";
    TOKEN_HARNESS = "secret.token.harness"; TOKEN_HASURA = "secret.token.hasura";
    TOKEN_HELICONE = "secret.token.helicone"; TOKEN_HERE = "secret.token.here";
    TOKEN_HEROKU = "secret.token.heroku"; TOKEN_HETZNER = "secret.token.hetzner";
    TOKEN_HONEYBADGER = "secret.token.honeybadger"; TOKEN_HONEYCOMB = "secret.token.honeycomb";
    TOKEN_HUBSPOT = "secret.token.hubspot"; TOKEN_HUGGINGFACE = "secret.token.huggingface";
    TOKEN_IBM = "secret.token.ibm"; TOKEN_INCIDENT_IO = "secret.token.incident_io";
    TOKEN_INFISICAL = "secret.token.infisical"; TOKEN_INFRACOST = "secret.token.infracost";
    TOKEN_INSTAGRAM = "secret.token.instagram"; TOKEN_INTERCOM = "secret.token.intercom";
    TOKEN_ITERABLE = "secret.token.iterable"; TOKEN_JENKINS = "secret.token.jenkins";
    TOKEN_JETBRAINS = "secret.token.jetbrains"; TOKEN_JINA = "secret.token.jina";
    TOKEN_JUMPCLOUD = "secret.token.jumpcloud"; TOKEN_KLARNA = "secret.token.klarna";
    TOKEN_KLAVIYO = "secret.token.klaviyo"; TOKEN_KOYEB = "secret.token.koyeb";
    TOKEN_KRAKEN = "secret.token.kraken"; TOKEN_LANGFUSE = "secret.token.langfuse";
    TOKEN_LANGSMITH = "secret.token.langsmith"; TOKEN_LAUNCHDARKLY = "secret.token.launchdarkly";
    TOKEN_LICHESS = "secret.token.lichess"; TOKEN_LINEAR = "secret.token.linear";
    TOKEN_LINKEDIN = "secret.token.linkedin"; TOKEN_LINODE = "secret.token.linode";
    TOKEN_LOB = "secret.token.lob"; TOKEN_LOGFIRE = "secret.token.logfire";
    TOKEN_LOGGLY = "secret.token.loggly"; TOKEN_MAILCHIMP = "secret.token.mailchimp";
    TOKEN_MAILGUN = "secret.token.mailgun"; TOKEN_MAILJET = "secret.token.mailjet";
    TOKEN_MANDRILL = "secret.token.mandrill"; TOKEN_MAPBOX = "secret.token.mapbox";
    TOKEN_MATTERMOST = "secret.token.mattermost"; TOKEN_MERCADOPAGO = "secret.token.mercadopago";
    TOKEN_MESSAGEBIRD = "secret.token.messagebird"; TOKEN_MEZMO = "secret.token.mezmo";
    TOKEN_MIDTRANS = "secret.token.midtrans"; TOKEN_MISTRAL = "secret.token.mistral";
    TOKEN_MIXPANEL = "secret.token.mixpanel"; TOKEN_MODAL = "secret.token.modal";
    TOKEN_MOLLIE = "secret.token.mollie"; TOKEN_MONGODB = "secret.token.mongodb";
    TOKEN_MOONSHOT = "secret.token.moonshot"; TOKEN_NEON = "secret.token.neon";
    TOKEN_NETLIFY = "secret.token.netlify"; TOKEN_NEWRELIC = "secret.token.newrelic";
    TOKEN_NEXUS = "secret.token.nexus"; TOKEN_NGROK = "secret.token.ngrok";
    TOKEN_NOMAD = "secret.token.nomad"; TOKEN_NOTION = "secret.token.notion";
    TOKEN_NPM = "secret.token.npm"; TOKEN_NUGET = "secret.token.nuget";
    TOKEN_NVIDIA = "secret.token.nvidia"; TOKEN_NYLAS = "secret.token.nylas";
    TOKEN_OCTOPUS = "secret.token.octopus"; TOKEN_OKTA = "secret.token.okta";
    TOKEN_OMISE = "secret.token.omise"; TOKEN_ONELOGIN = "secret.token.onelogin";
    TOKEN_ONEPASSWORD = "secret.token.onepassword"; TOKEN_ONESIGNAL = "secret.token.onesignal";
    TOKEN_OPENAI = "secret.token.openai"; TOKEN_OPENROUTER = "secret.token.openrouter";
    TOKEN_OPENSHIFT = "secret.token.openshift"; TOKEN_OPENWEATHER = "secret.token.openweather";
    TOKEN_OPSGENIE = "secret.token.opsgenie"; TOKEN_OVH = "secret.token.ovh";
    TOKEN_PACKAGIST = "secret.token.packagist"; TOKEN_PADDLE = "secret.token.paddle";
    TOKEN_PAGERDUTY = "secret.token.pagerduty"; TOKEN_PAPERTRAIL = "secret.token.papertrail";
    TOKEN_PAYPAL = "secret.token.paypal"; TOKEN_PERPLEXITY = "secret.token.perplexity";
    TOKEN_PHABRICATOR = "secret.token.phabricator"; TOKEN_PINECONE = "secret.token.pinecone";
    TOKEN_PINGDOM = "secret.token.pingdom"; TOKEN_PINTEREST = "secret.token.pinterest";
    TOKEN_PIPEDRIVE = "secret.token.pipedrive"; TOKEN_PLAID = "secret.token.plaid";
    TOKEN_PLANETSCALE = "secret.token.planetscale"; TOKEN_PLIVO = "secret.token.plivo";
    TOKEN_POSTHOG = "secret.token.posthog"; TOKEN_POSTMAN = "secret.token.postman";
    TOKEN_POSTMARK = "secret.token.postmark"; TOKEN_PREFECT = "secret.token.prefect";
    TOKEN_PULUMI = "secret.token.pulumi"; TOKEN_PUSHER = "secret.token.pusher";
    TOKEN_PUSHOVER = "secret.token.pushover"; TOKEN_PYPI = "secret.token.pypi";
    TOKEN_RAILWAY = "secret.token.railway"; TOKEN_RAYGUN = "secret.token.raygun";
    TOKEN_RAZORPAY = "secret.token.razorpay"; TOKEN_README = "secret.token.readme";
    TOKEN_RECURLY = "secret.token.recurly"; TOKEN_REDDIT = "secret.token.reddit";
    TOKEN_RENDER = "secret.token.render"; TOKEN_REPLICATE = "secret.token.replicate";
    TOKEN_RESEND = "secret.token.resend"; TOKEN_RIOT = "secret.token.riot";
    TOKEN_ROBOFLOW = "secret.token.roboflow"; TOKEN_ROCKETCHAT = "secret.token.rocketchat";
    TOKEN_ROLLBAR = "secret.token.rollbar"; TOKEN_ROOTLY = "secret.token.rootly";
    TOKEN_RUBYGEMS = "secret.token.rubygems"; TOKEN_RUNPOD = "secret.token.runpod";
    TOKEN_SALESFORCE = "secret.token.salesforce"; TOKEN_SANITY = "secret.token.sanity";
    TOKEN_SAUCELABS = "secret.token.saucelabs"; TOKEN_SCALEWAY = "secret.token.scaleway";
    TOKEN_SCALINGO = "secret.token.scalingo"; TOKEN_SEGMENT = "secret.token.segment";
    TOKEN_SEMGREP = "secret.token.semgrep"; TOKEN_SENDBIRD = "secret.token.sendbird";
    TOKEN_SENDGRID = "secret.token.sendgrid"; TOKEN_SENTRY = "secret.token.sentry";
    TOKEN_SERPER = "secret.token.serper"; TOKEN_SETTLEMINT = "secret.token.settlemint";
    TOKEN_SHIPPO = "secret.token.shippo"; TOKEN_SHODAN = "secret.token.shodan";
    TOKEN_SHOPIFY = "secret.token.shopify"; TOKEN_SLACK = "secret.token.slack";
    TOKEN_SNYK = "secret.token.snyk";
    TOKEN_SONAR = "secret.token.sonar"; TOKEN_SOURCEGRAPH = "secret.token.sourcegraph";
    TOKEN_SPARKPOST = "secret.token.sparkpost"; TOKEN_SPLUNK = "secret.token.splunk";
    TOKEN_SPOTIFY = "secret.token.spotify"; TOKEN_SQUARE = "secret.token.square";
    TOKEN_SQUARESPACE = "secret.token.squarespace"; TOKEN_STABILITY = "secret.token.stability";
    TOKEN_STATSIG = "secret.token.statsig"; TOKEN_STEAM = "secret.token.steam";
    TOKEN_STRAVA = "secret.token.strava"; TOKEN_STRIPE = "secret.token.stripe";
    TOKEN_STYTCH = "secret.token.stytch"; TOKEN_SUMOLOGIC = "secret.token.sumologic";
    TOKEN_SUPABASE = "secret.token.supabase"; TOKEN_TAILSCALE = "secret.token.tailscale";
    TOKEN_TAVILY = "secret.token.tavily"; TOKEN_TEAMCITY = "secret.token.teamcity";
    TOKEN_TEAMS = "secret.token.teams"; TOKEN_TELEGRAM = "secret.token.telegram";
    TOKEN_TELNYX = "secret.token.telnyx"; TOKEN_TENCENT = "secret.token.tencent";
    TOKEN_TERRAFORM = "secret.token.terraform"; TOKEN_TINYBIRD = "secret.token.tinybird";
    TOKEN_TODOIST = "secret.token.todoist"; TOKEN_TOGETHER = "secret.token.together";
    TOKEN_TOMTOM = "secret.token.tomtom"; TOKEN_TRAVIS = "secret.token.travis";
    TOKEN_TRELLO = "secret.token.trello"; TOKEN_TWILIO = "secret.token.twilio";
    TOKEN_TWITCH = "secret.token.twitch"; TOKEN_TWITTER = "secret.token.twitter";
    TOKEN_TYPEFORM = "secret.token.typeform"; TOKEN_UBIDOTS = "secret.token.ubidots";
    TOKEN_UPCLOUD = "secret.token.upcloud";
    TOKEN_UPTIMEROBOT = "secret.token.uptimerobot"; TOKEN_VAULT = "secret.token.vault";
    TOKEN_VERCEL = "secret.token.vercel"; TOKEN_VIRUSTOTAL = "secret.token.virustotal";
    TOKEN_VONAGE = "secret.token.vonage"; TOKEN_VOYAGE = "secret.token.voyage";
    TOKEN_VULTR = "secret.token.vultr"; TOKEN_WANDB = "secret.token.wandb";
    TOKEN_WECOM = "secret.token.wecom"; TOKEN_WISE = "secret.token.wise";
    TOKEN_WOOCOMMERCE = "secret.token.woocommerce"; TOKEN_XAI = "secret.token.xai";
    TOKEN_XATA = "secret.token.xata"; TOKEN_XENDIT = "secret.token.xendit";
    TOKEN_YAHOO = "secret.token.yahoo"; TOKEN_YANDEX = "secret.token.yandex";
    TOKEN_ZAPIER = "secret.token.zapier"; TOKEN_ZENDESK = "secret.token.zendesk";
    TOKEN_ZEROTIER = "secret.token.zerotier"; TOKEN_ZHIPU = "secret.token.zhipu";
    TOKEN_ZULIP = "secret.token.zulip"; TOKEN_ZUPLO = "secret.token.zuplo";
    /// A password in a URL or a connection string.
    URL_PASSWORD = "secret.url_password";
    /// A command that deletes files.
    SHELL_DELETE = "shell.delete";
    /// A command that writes to a disk below its file system.
    SHELL_DISK = "shell.disk";
    /// A value with a command behind it.
    SHELL_INJECTION = "shell.injection";
    /// A command that runs what it fetches.
    SHELL_PIPE = "shell.pipe";
    /// A command that gives somebody else a shell.
    SHELL_REVERSE = "shell.reverse";
    /// SQL with a comment that changes what is run.
    SQL_COMMENT = "sql.comment";
    /// SQL that destroys data or hands out rights.
    SQL_DESTRUCTIVE = "sql.destructive";
    /// What reads as SQL and can be read in no dialect.
    SQL_INVALID = "sql.invalid";
    /// Several statements of SQL.
    SQL_MULTIPLE = "sql.multiple";
    /// SQL that reads.
    SQL_READ = "sql.read";
    /// SQL that changes or fetches every row.
    SQL_UNBOUNDED = "sql.unbounded";
    /// SQL that changes data.
    SQL_WRITE = "sql.write";
    /// Characters that nobody sees and that carry data, or change the order in which a text is read.
    UNICODE_INVISIBLE = "unicode.invisible";
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
