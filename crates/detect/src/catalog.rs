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
    /// A token of Ably.
    TOKEN_ABLY = "secret.token.ably";
    /// A token of AbuseIPDB.
    TOKEN_ABUSEIPDB = "secret.token.abuseipdb";
    /// A token of ActiveCampaign.
    TOKEN_ACTIVECAMPAIGN = "secret.token.activecampaign";
    /// A token of Adafruit IO.
    TOKEN_ADAFRUIT = "secret.token.adafruit";
    /// A token of Adobe.
    TOKEN_ADOBE = "secret.token.adobe";
    /// A token of Adyen.
    TOKEN_ADYEN = "secret.token.adyen";
    /// A token of age.
    TOKEN_AGE = "secret.token.age";
    /// A token of Airtable.
    TOKEN_AIRTABLE = "secret.token.airtable";
    /// A token of Aiven.
    TOKEN_AIVEN = "secret.token.aiven";
    /// A token of Algolia.
    TOKEN_ALGOLIA = "secret.token.algolia";
    /// A token of Alibaba Cloud.
    TOKEN_ALIBABA = "secret.token.alibaba";
    /// A token of Amazon Marketplace.
    TOKEN_AMAZON_MWS = "secret.token.amazon_mws";
    /// A token of Amplitude.
    TOKEN_AMPLITUDE = "secret.token.amplitude";
    /// A token of Anthropic.
    TOKEN_ANTHROPIC = "secret.token.anthropic";
    /// A token of Anyscale.
    TOKEN_ANYSCALE = "secret.token.anyscale";
    /// A token of AppSignal.
    TOKEN_APPSIGNAL = "secret.token.appsignal";
    /// A token of AppVeyor.
    TOKEN_APPVEYOR = "secret.token.appveyor";
    /// A token of Artifactory.
    TOKEN_ARTIFACTORY = "secret.token.artifactory";
    /// A token of Asana.
    TOKEN_ASANA = "secret.token.asana";
    /// A token of AssemblyAI.
    TOKEN_ASSEMBLYAI = "secret.token.assemblyai";
    /// A token of DataStax Astra.
    TOKEN_ASTRA = "secret.token.astra";
    /// A token of Atlassian.
    TOKEN_ATLASSIAN = "secret.token.atlassian";
    /// A token of Auth0.
    TOKEN_AUTH0 = "secret.token.auth0";
    /// A token of Amazon Web Services.
    TOKEN_AWS = "secret.token.aws";
    /// A token of Axiom.
    TOKEN_AXIOM = "secret.token.axiom";
    /// A token of Microsoft Azure.
    TOKEN_AZURE = "secret.token.azure";
    /// A token of Azure DevOps.
    TOKEN_AZURE_DEVOPS = "secret.token.azure_devops";
    /// A token of Backblaze.
    TOKEN_BACKBLAZE = "secret.token.backblaze";
    /// A token of Baseten.
    TOKEN_BASETEN = "secret.token.baseten";
    /// A token of Beamer.
    TOKEN_BEAMER = "secret.token.beamer";
    /// A token of Better Stack.
    TOKEN_BETTERSTACK = "secret.token.betterstack";
    /// A token of BigCommerce.
    TOKEN_BIGCOMMERCE = "secret.token.bigcommerce";
    /// A token of Binance.
    TOKEN_BINANCE = "secret.token.binance";
    /// A token of Bitbucket.
    TOKEN_BITBUCKET = "secret.token.bitbucket";
    /// A token of Bitrise.
    TOKEN_BITRISE = "secret.token.bitrise";
    /// A token of Bitwarden.
    TOKEN_BITWARDEN = "secret.token.bitwarden";
    /// A token of Box.
    TOKEN_BOX = "secret.token.box";
    /// A token of Braintree.
    TOKEN_BRAINTREE = "secret.token.braintree";
    /// A token of Brevo.
    TOKEN_BREVO = "secret.token.brevo";
    /// A token of BrowserStack.
    TOKEN_BROWSERSTACK = "secret.token.browserstack";
    /// A token of Bugsnag.
    TOKEN_BUGSNAG = "secret.token.bugsnag";
    /// A token of Buildkite.
    TOKEN_BUILDKITE = "secret.token.buildkite";
    /// A token of Cerebras.
    TOKEN_CEREBRAS = "secret.token.cerebras";
    /// A token of Checkly.
    TOKEN_CHECKLY = "secret.token.checkly";
    /// A token of Checkout.com.
    TOKEN_CHECKOUT = "secret.token.checkout";
    /// A token of CircleCI.
    TOKEN_CIRCLECI = "secret.token.circleci";
    /// A token of Civo.
    TOKEN_CIVO = "secret.token.civo";
    /// A token of Clarifai.
    TOKEN_CLARIFAI = "secret.token.clarifai";
    /// A token of ClickHouse.
    TOKEN_CLICKHOUSE = "secret.token.clickhouse";
    /// A token of ClickUp.
    TOKEN_CLICKUP = "secret.token.clickup";
    /// A token of Clojars.
    TOKEN_CLOJARS = "secret.token.clojars";
    /// A token of Cloudflare.
    TOKEN_CLOUDFLARE = "secret.token.cloudflare";
    /// A token of Cloudsmith.
    TOKEN_CLOUDSMITH = "secret.token.cloudsmith";
    /// A token of CockroachDB.
    TOKEN_COCKROACH = "secret.token.cockroach";
    /// A token of Coda.
    TOKEN_CODA = "secret.token.coda";
    /// A token of Code Climate.
    TOKEN_CODECLIMATE = "secret.token.codeclimate";
    /// A token of Codecov.
    TOKEN_CODECOV = "secret.token.codecov";
    /// A token of Codefresh.
    TOKEN_CODEFRESH = "secret.token.codefresh";
    /// A token of Cohere.
    TOKEN_COHERE = "secret.token.cohere";
    /// A token of Coinbase.
    TOKEN_COINBASE = "secret.token.coinbase";
    /// A token of Confluent.
    TOKEN_CONFLUENT = "secret.token.confluent";
    /// A token of Consul.
    TOKEN_CONSUL = "secret.token.consul";
    /// A token of Contentful.
    TOKEN_CONTENTFUL = "secret.token.contentful";
    /// A token of Coveralls.
    TOKEN_COVERALLS = "secret.token.coveralls";
    /// A token of crates.io.
    TOKEN_CRATES = "secret.token.crates";
    /// A token of Cronitor.
    TOKEN_CRONITOR = "secret.token.cronitor";
    /// A token of Cursor.
    TOKEN_CURSOR = "secret.token.cursor";
    /// A token of Customer.io.
    TOKEN_CUSTOMERIO = "secret.token.customerio";
    /// A token of Cypress.
    TOKEN_CYPRESS = "secret.token.cypress";
    /// A token of DashScope.
    TOKEN_DASHSCOPE = "secret.token.dashscope";
    /// A token of Databricks.
    TOKEN_DATABRICKS = "secret.token.databricks";
    /// A token of Datadog.
    TOKEN_DATADOG = "secret.token.datadog";
    /// A token of dbt Cloud.
    TOKEN_DBT = "secret.token.dbt";
    /// A token of Deepgram.
    TOKEN_DEEPGRAM = "secret.token.deepgram";
    /// A token of DeepSeek.
    TOKEN_DEEPSEEK = "secret.token.deepseek";
    /// A token of Defined Networking.
    TOKEN_DEFINED_NETWORKING = "secret.token.defined_networking";
    /// A token of Deno Deploy.
    TOKEN_DENO = "secret.token.deno";
    /// A token of DigitalOcean.
    TOKEN_DIGITALOCEAN = "secret.token.digitalocean";
    /// A token of DingTalk.
    TOKEN_DINGTALK = "secret.token.dingtalk";
    /// A token of Discord.
    TOKEN_DISCORD = "secret.token.discord";
    /// A token of Docker.
    TOKEN_DOCKER = "secret.token.docker";
    /// A token of Doppler.
    TOKEN_DOPPLER = "secret.token.doppler";
    /// A token of Drone.
    TOKEN_DRONE = "secret.token.drone";
    /// A token of Dropbox.
    TOKEN_DROPBOX = "secret.token.dropbox";
    /// A token of Duffel.
    TOKEN_DUFFEL = "secret.token.duffel";
    /// A token of Duo.
    TOKEN_DUO = "secret.token.duo";
    /// A token of Dynatrace.
    TOKEN_DYNATRACE = "secret.token.dynatrace";
    /// A token of E2B.
    TOKEN_E2B = "secret.token.e2b";
    /// A token of EasyPost.
    TOKEN_EASYPOST = "secret.token.easypost";
    /// A token of Elastic.
    TOKEN_ELASTIC = "secret.token.elastic";
    /// A token of ElevenLabs.
    TOKEN_ELEVENLABS = "secret.token.elevenlabs";
    /// A token of Etsy.
    TOKEN_ETSY = "secret.token.etsy";
    /// A token of Exa.
    TOKEN_EXA = "secret.token.exa";
    /// A token of Exoscale.
    TOKEN_EXOSCALE = "secret.token.exoscale";
    /// A token of Facebook.
    TOKEN_FACEBOOK = "secret.token.facebook";
    /// A token of Fastly.
    TOKEN_FASTLY = "secret.token.fastly";
    /// A token of Fauna.
    TOKEN_FAUNA = "secret.token.fauna";
    /// A token of Feishu.
    TOKEN_FEISHU = "secret.token.feishu";
    /// A token of Figma.
    TOKEN_FIGMA = "secret.token.figma";
    /// A token of Finicity.
    TOKEN_FINICITY = "secret.token.finicity";
    /// A token of Finnhub.
    TOKEN_FINNHUB = "secret.token.finnhub";
    /// A token of Firecrawl.
    TOKEN_FIRECRAWL = "secret.token.firecrawl";
    /// A token of Fireworks AI.
    TOKEN_FIREWORKS = "secret.token.fireworks";
    /// A token of Flickr.
    TOKEN_FLICKR = "secret.token.flickr";
    /// A token of Flutterwave.
    TOKEN_FLUTTERWAVE = "secret.token.flutterwave";
    /// A token of Fly.io.
    TOKEN_FLY = "secret.token.fly";
    /// A token of Frame.io.
    TOKEN_FRAMEIO = "secret.token.frameio";
    /// A token of FreshBooks.
    TOKEN_FRESHBOOKS = "secret.token.freshbooks";
    /// A token of Freshdesk.
    TOKEN_FRESHDESK = "secret.token.freshdesk";
    /// A token of Gemfury.
    TOKEN_GEMFURY = "secret.token.gemfury";
    /// A token of Stream.
    TOKEN_GETSTREAM = "secret.token.getstream";
    /// A token of Ghost.
    TOKEN_GHOST = "secret.token.ghost";
    /// A token of Gitea.
    TOKEN_GITEA = "secret.token.gitea";
    /// A token of GitHub.
    TOKEN_GITHUB = "secret.token.github";
    /// A token of GitLab.
    TOKEN_GITLAB = "secret.token.gitlab";
    /// A token of Gitter.
    TOKEN_GITTER = "secret.token.gitter";
    /// A token of GoCardless.
    TOKEN_GOCARDLESS = "secret.token.gocardless";
    /// A token of Google.
    TOKEN_GOOGLE = "secret.token.google";
    /// A token of Grafana.
    TOKEN_GRAFANA = "secret.token.grafana";
    /// A token of Groq.
    TOKEN_GROQ = "secret.token.groq";
    /// A token of Harness.
    TOKEN_HARNESS = "secret.token.harness";
    /// A token of Hasura.
    TOKEN_HASURA = "secret.token.hasura";
    /// A token of Helicone.
    TOKEN_HELICONE = "secret.token.helicone";
    /// A token of HERE.
    TOKEN_HERE = "secret.token.here";
    /// A token of Heroku.
    TOKEN_HEROKU = "secret.token.heroku";
    /// A token of Hetzner.
    TOKEN_HETZNER = "secret.token.hetzner";
    /// A token of Honeybadger.
    TOKEN_HONEYBADGER = "secret.token.honeybadger";
    /// A token of Honeycomb.
    TOKEN_HONEYCOMB = "secret.token.honeycomb";
    /// A token of HubSpot.
    TOKEN_HUBSPOT = "secret.token.hubspot";
    /// A token of Hugging Face.
    TOKEN_HUGGINGFACE = "secret.token.huggingface";
    /// A token of IBM Cloud.
    TOKEN_IBM = "secret.token.ibm";
    /// A token of incident.io.
    TOKEN_INCIDENT_IO = "secret.token.incident_io";
    /// A token of Infisical.
    TOKEN_INFISICAL = "secret.token.infisical";
    /// A token of Infracost.
    TOKEN_INFRACOST = "secret.token.infracost";
    /// A token of Instagram.
    TOKEN_INSTAGRAM = "secret.token.instagram";
    /// A token of Intercom.
    TOKEN_INTERCOM = "secret.token.intercom";
    /// A token of Iterable.
    TOKEN_ITERABLE = "secret.token.iterable";
    /// A token of Jenkins.
    TOKEN_JENKINS = "secret.token.jenkins";
    /// A token of JetBrains.
    TOKEN_JETBRAINS = "secret.token.jetbrains";
    /// A token of Jina AI.
    TOKEN_JINA = "secret.token.jina";
    /// A token of JumpCloud.
    TOKEN_JUMPCLOUD = "secret.token.jumpcloud";
    /// A token of Klarna.
    TOKEN_KLARNA = "secret.token.klarna";
    /// A token of Klaviyo.
    TOKEN_KLAVIYO = "secret.token.klaviyo";
    /// A token of Koyeb.
    TOKEN_KOYEB = "secret.token.koyeb";
    /// A token of Kraken.
    TOKEN_KRAKEN = "secret.token.kraken";
    /// A token of Langfuse.
    TOKEN_LANGFUSE = "secret.token.langfuse";
    /// A token of LangSmith.
    TOKEN_LANGSMITH = "secret.token.langsmith";
    /// A token of LaunchDarkly.
    TOKEN_LAUNCHDARKLY = "secret.token.launchdarkly";
    /// A token of Lichess.
    TOKEN_LICHESS = "secret.token.lichess";
    /// A token of Linear.
    TOKEN_LINEAR = "secret.token.linear";
    /// A token of LinkedIn.
    TOKEN_LINKEDIN = "secret.token.linkedin";
    /// A token of Linode.
    TOKEN_LINODE = "secret.token.linode";
    /// A token of Lob.
    TOKEN_LOB = "secret.token.lob";
    /// A token of Logfire.
    TOKEN_LOGFIRE = "secret.token.logfire";
    /// A token of Loggly.
    TOKEN_LOGGLY = "secret.token.loggly";
    /// A token of Mailchimp.
    TOKEN_MAILCHIMP = "secret.token.mailchimp";
    /// A token of Mailgun.
    TOKEN_MAILGUN = "secret.token.mailgun";
    /// A token of Mailjet.
    TOKEN_MAILJET = "secret.token.mailjet";
    /// A token of Mandrill.
    TOKEN_MANDRILL = "secret.token.mandrill";
    /// A token of Mapbox.
    TOKEN_MAPBOX = "secret.token.mapbox";
    /// A token of Mattermost.
    TOKEN_MATTERMOST = "secret.token.mattermost";
    /// A token of Mercado Pago.
    TOKEN_MERCADOPAGO = "secret.token.mercadopago";
    /// A token of MessageBird.
    TOKEN_MESSAGEBIRD = "secret.token.messagebird";
    /// A token of Mezmo.
    TOKEN_MEZMO = "secret.token.mezmo";
    /// A token of Midtrans.
    TOKEN_MIDTRANS = "secret.token.midtrans";
    /// A token of Mistral AI.
    TOKEN_MISTRAL = "secret.token.mistral";
    /// A token of Mixpanel.
    TOKEN_MIXPANEL = "secret.token.mixpanel";
    /// A token of Modal.
    TOKEN_MODAL = "secret.token.modal";
    /// A token of Mollie.
    TOKEN_MOLLIE = "secret.token.mollie";
    /// A token of MongoDB Atlas.
    TOKEN_MONGODB = "secret.token.mongodb";
    /// A token of Moonshot AI.
    TOKEN_MOONSHOT = "secret.token.moonshot";
    /// A token of Neon.
    TOKEN_NEON = "secret.token.neon";
    /// A token of Netlify.
    TOKEN_NETLIFY = "secret.token.netlify";
    /// A token of New Relic.
    TOKEN_NEWRELIC = "secret.token.newrelic";
    /// A token of Nexus.
    TOKEN_NEXUS = "secret.token.nexus";
    /// A token of ngrok.
    TOKEN_NGROK = "secret.token.ngrok";
    /// A token of Nomad.
    TOKEN_NOMAD = "secret.token.nomad";
    /// A token of Notion.
    TOKEN_NOTION = "secret.token.notion";
    /// A token of npm.
    TOKEN_NPM = "secret.token.npm";
    /// A token of NuGet.
    TOKEN_NUGET = "secret.token.nuget";
    /// A token of NVIDIA.
    TOKEN_NVIDIA = "secret.token.nvidia";
    /// A token of Nylas.
    TOKEN_NYLAS = "secret.token.nylas";
    /// A token of Octopus Deploy.
    TOKEN_OCTOPUS = "secret.token.octopus";
    /// A token of Okta.
    TOKEN_OKTA = "secret.token.okta";
    /// A token of Omise.
    TOKEN_OMISE = "secret.token.omise";
    /// A token of OneLogin.
    TOKEN_ONELOGIN = "secret.token.onelogin";
    /// A token of 1Password.
    TOKEN_ONEPASSWORD = "secret.token.onepassword";
    /// A token of OneSignal.
    TOKEN_ONESIGNAL = "secret.token.onesignal";
    /// A token of OpenAI.
    TOKEN_OPENAI = "secret.token.openai";
    /// A token of OpenRouter.
    TOKEN_OPENROUTER = "secret.token.openrouter";
    /// A token of OpenShift.
    TOKEN_OPENSHIFT = "secret.token.openshift";
    /// A token of OpenWeather.
    TOKEN_OPENWEATHER = "secret.token.openweather";
    /// A token of Opsgenie.
    TOKEN_OPSGENIE = "secret.token.opsgenie";
    /// A token of OVHcloud.
    TOKEN_OVH = "secret.token.ovh";
    /// A token of Packagist.
    TOKEN_PACKAGIST = "secret.token.packagist";
    /// A token of Paddle.
    TOKEN_PADDLE = "secret.token.paddle";
    /// A token of PagerDuty.
    TOKEN_PAGERDUTY = "secret.token.pagerduty";
    /// A token of Papertrail.
    TOKEN_PAPERTRAIL = "secret.token.papertrail";
    /// A token of PayPal.
    TOKEN_PAYPAL = "secret.token.paypal";
    /// A token of Perplexity.
    TOKEN_PERPLEXITY = "secret.token.perplexity";
    /// A token of Phabricator.
    TOKEN_PHABRICATOR = "secret.token.phabricator";
    /// A token of Pinecone.
    TOKEN_PINECONE = "secret.token.pinecone";
    /// A token of Pingdom.
    TOKEN_PINGDOM = "secret.token.pingdom";
    /// A token of Pinterest.
    TOKEN_PINTEREST = "secret.token.pinterest";
    /// A token of Pipedrive.
    TOKEN_PIPEDRIVE = "secret.token.pipedrive";
    /// A token of Plaid.
    TOKEN_PLAID = "secret.token.plaid";
    /// A token of PlanetScale.
    TOKEN_PLANETSCALE = "secret.token.planetscale";
    /// A token of Plivo.
    TOKEN_PLIVO = "secret.token.plivo";
    /// A token of PostHog.
    TOKEN_POSTHOG = "secret.token.posthog";
    /// A token of Postman.
    TOKEN_POSTMAN = "secret.token.postman";
    /// A token of Postmark.
    TOKEN_POSTMARK = "secret.token.postmark";
    /// A token of Prefect.
    TOKEN_PREFECT = "secret.token.prefect";
    /// A token of Pulumi.
    TOKEN_PULUMI = "secret.token.pulumi";
    /// A token of Pusher.
    TOKEN_PUSHER = "secret.token.pusher";
    /// A token of Pushover.
    TOKEN_PUSHOVER = "secret.token.pushover";
    /// A token of PyPI.
    TOKEN_PYPI = "secret.token.pypi";
    /// A token of Railway.
    TOKEN_RAILWAY = "secret.token.railway";
    /// A token of Raygun.
    TOKEN_RAYGUN = "secret.token.raygun";
    /// A token of Razorpay.
    TOKEN_RAZORPAY = "secret.token.razorpay";
    /// A token of ReadMe.
    TOKEN_README = "secret.token.readme";
    /// A token of Recurly.
    TOKEN_RECURLY = "secret.token.recurly";
    /// A token of Reddit.
    TOKEN_REDDIT = "secret.token.reddit";
    /// A token of Render.
    TOKEN_RENDER = "secret.token.render";
    /// A token of Replicate.
    TOKEN_REPLICATE = "secret.token.replicate";
    /// A token of Resend.
    TOKEN_RESEND = "secret.token.resend";
    /// A token of Riot Games.
    TOKEN_RIOT = "secret.token.riot";
    /// A token of Roboflow.
    TOKEN_ROBOFLOW = "secret.token.roboflow";
    /// A token of Rocket.Chat.
    TOKEN_ROCKETCHAT = "secret.token.rocketchat";
    /// A token of Rollbar.
    TOKEN_ROLLBAR = "secret.token.rollbar";
    /// A token of Rootly.
    TOKEN_ROOTLY = "secret.token.rootly";
    /// A token of RubyGems.
    TOKEN_RUBYGEMS = "secret.token.rubygems";
    /// A token of RunPod.
    TOKEN_RUNPOD = "secret.token.runpod";
    /// A token of Salesforce.
    TOKEN_SALESFORCE = "secret.token.salesforce";
    /// A token of Sanity.
    TOKEN_SANITY = "secret.token.sanity";
    /// A token of Sauce Labs.
    TOKEN_SAUCELABS = "secret.token.saucelabs";
    /// A token of Scaleway.
    TOKEN_SCALEWAY = "secret.token.scaleway";
    /// A token of Scalingo.
    TOKEN_SCALINGO = "secret.token.scalingo";
    /// A token of Segment.
    TOKEN_SEGMENT = "secret.token.segment";
    /// A token of Semgrep.
    TOKEN_SEMGREP = "secret.token.semgrep";
    /// A token of Sendbird.
    TOKEN_SENDBIRD = "secret.token.sendbird";
    /// A token of SendGrid.
    TOKEN_SENDGRID = "secret.token.sendgrid";
    /// A token of Sentry.
    TOKEN_SENTRY = "secret.token.sentry";
    /// A token of Serper.
    TOKEN_SERPER = "secret.token.serper";
    /// A token of SettleMint.
    TOKEN_SETTLEMINT = "secret.token.settlemint";
    /// A token of Shippo.
    TOKEN_SHIPPO = "secret.token.shippo";
    /// A token of Shodan.
    TOKEN_SHODAN = "secret.token.shodan";
    /// A token of Shopify.
    TOKEN_SHOPIFY = "secret.token.shopify";
    /// A token of Slack.
    TOKEN_SLACK = "secret.token.slack";
    /// A token of Snowflake.
    TOKEN_SNOWFLAKE = "secret.token.snowflake";
    /// A token of Snyk.
    TOKEN_SNYK = "secret.token.snyk";
    /// A token of SonarQube.
    TOKEN_SONAR = "secret.token.sonar";
    /// A token of Sourcegraph.
    TOKEN_SOURCEGRAPH = "secret.token.sourcegraph";
    /// A token of SparkPost.
    TOKEN_SPARKPOST = "secret.token.sparkpost";
    /// A token of Splunk.
    TOKEN_SPLUNK = "secret.token.splunk";
    /// A token of Spotify.
    TOKEN_SPOTIFY = "secret.token.spotify";
    /// A token of Square.
    TOKEN_SQUARE = "secret.token.square";
    /// A token of Squarespace.
    TOKEN_SQUARESPACE = "secret.token.squarespace";
    /// A token of Stability AI.
    TOKEN_STABILITY = "secret.token.stability";
    /// A token of Statsig.
    TOKEN_STATSIG = "secret.token.statsig";
    /// A token of Steam.
    TOKEN_STEAM = "secret.token.steam";
    /// A token of Strava.
    TOKEN_STRAVA = "secret.token.strava";
    /// A token of Stripe.
    TOKEN_STRIPE = "secret.token.stripe";
    /// A token of Stytch.
    TOKEN_STYTCH = "secret.token.stytch";
    /// A token of Sumo Logic.
    TOKEN_SUMOLOGIC = "secret.token.sumologic";
    /// A token of Supabase.
    TOKEN_SUPABASE = "secret.token.supabase";
    /// A token of Tailscale.
    TOKEN_TAILSCALE = "secret.token.tailscale";
    /// A token of Tavily.
    TOKEN_TAVILY = "secret.token.tavily";
    /// A token of TeamCity.
    TOKEN_TEAMCITY = "secret.token.teamcity";
    /// A token of Microsoft Teams.
    TOKEN_TEAMS = "secret.token.teams";
    /// A token of Telegram.
    TOKEN_TELEGRAM = "secret.token.telegram";
    /// A token of Telnyx.
    TOKEN_TELNYX = "secret.token.telnyx";
    /// A token of Tencent Cloud.
    TOKEN_TENCENT = "secret.token.tencent";
    /// A token of HCP Terraform.
    TOKEN_TERRAFORM = "secret.token.terraform";
    /// A token of Tinybird.
    TOKEN_TINYBIRD = "secret.token.tinybird";
    /// A token of Todoist.
    TOKEN_TODOIST = "secret.token.todoist";
    /// A token of Together AI.
    TOKEN_TOGETHER = "secret.token.together";
    /// A token of TomTom.
    TOKEN_TOMTOM = "secret.token.tomtom";
    /// A token of Travis CI.
    TOKEN_TRAVIS = "secret.token.travis";
    /// A token of Trello.
    TOKEN_TRELLO = "secret.token.trello";
    /// A token of Twilio.
    TOKEN_TWILIO = "secret.token.twilio";
    /// A token of Twitch.
    TOKEN_TWITCH = "secret.token.twitch";
    /// A token of Twitter.
    TOKEN_TWITTER = "secret.token.twitter";
    /// A token of Typeform.
    TOKEN_TYPEFORM = "secret.token.typeform";
    /// A token of Ubidots.
    TOKEN_UBIDOTS = "secret.token.ubidots";
    /// A token of UpCloud.
    TOKEN_UPCLOUD = "secret.token.upcloud";
    /// A token of Upstash.
    TOKEN_UPSTASH = "secret.token.upstash";
    /// A token of UptimeRobot.
    TOKEN_UPTIMEROBOT = "secret.token.uptimerobot";
    /// A token of Vault.
    TOKEN_VAULT = "secret.token.vault";
    /// A token of Vercel.
    TOKEN_VERCEL = "secret.token.vercel";
    /// A token of VirusTotal.
    TOKEN_VIRUSTOTAL = "secret.token.virustotal";
    /// A token of Vonage.
    TOKEN_VONAGE = "secret.token.vonage";
    /// A token of Voyage AI.
    TOKEN_VOYAGE = "secret.token.voyage";
    /// A token of Vultr.
    TOKEN_VULTR = "secret.token.vultr";
    /// A token of Weights & Biases.
    TOKEN_WANDB = "secret.token.wandb";
    /// A token of WeCom.
    TOKEN_WECOM = "secret.token.wecom";
    /// A token of Wise.
    TOKEN_WISE = "secret.token.wise";
    /// A token of WooCommerce.
    TOKEN_WOOCOMMERCE = "secret.token.woocommerce";
    /// A token of xAI.
    TOKEN_XAI = "secret.token.xai";
    /// A token of Xata.
    TOKEN_XATA = "secret.token.xata";
    /// A token of Xendit.
    TOKEN_XENDIT = "secret.token.xendit";
    /// A token of Yahoo.
    TOKEN_YAHOO = "secret.token.yahoo";
    /// A token of Yandex.
    TOKEN_YANDEX = "secret.token.yandex";
    /// A token of Zapier.
    TOKEN_ZAPIER = "secret.token.zapier";
    /// A token of Zendesk.
    TOKEN_ZENDESK = "secret.token.zendesk";
    /// A token of ZeroTier.
    TOKEN_ZEROTIER = "secret.token.zerotier";
    /// A token of Zhipu AI.
    TOKEN_ZHIPU = "secret.token.zhipu";
    /// A token of Zulip.
    TOKEN_ZULIP = "secret.token.zulip";
    /// A token of Zuplo.
    TOKEN_ZUPLO = "secret.token.zuplo";
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
