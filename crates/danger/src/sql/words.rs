//! Words that say what SQL does where no tree does: functions and clauses that reach out of the database, and the pairs
//! of words that statements start with.

/// Whether some of the words, which are in lower case, reach out of the database: to files, programs or other servers.
/// A string is the word `'`.
pub(super) fn reach_out(words: &[String]) -> bool {
    let mut copy = false;
    (0..words.len()).any(|at| {
        let word = |ahead: usize| words.get(at + ahead).map_or("", String::as_str);
        copy = word(0) == "copy" || copy && word(0) != ";";
        clause(word(0), word(1), word(2))
            || (copy && matches!(word(0), "to" | "from" | "into") && word(1) == "'")
    })
}

fn clause(first: &str, second: &str, third: &str) -> bool {
    match (first, second) {
        ("into", "outfile" | "dumpfile") | ("to" | "from", "program") => true,
        ("load", "data" | "xml")
        | ("bulk", "insert")
        | ("export", "data")
        | ("set", "global" | "persist") => true,
        ("exec" | "execute", "(" | "'" | "immediate") => true,
        ("exec" | "execute", variable) if variable.starts_with('@') => true,
        ("prepare", _) if third == "from" => true,
        ("language", language) => UNSAFE_LANGUAGES.contains(&language),
        (name, "(") => OUTSIDE.binary_search(&name).is_ok(),
        (name, _) => is_procedure(name),
    }
}

fn is_procedure(name: &str) -> bool {
    name.starts_with("xp_") || OUTSIDE_PROCEDURES.binary_search(&name).is_ok()
}

/// Languages of functions that run outside of what the database guards.
const UNSAFE_LANGUAGES: &[&str] =
    &["'", "c", "java", "plperlu", "plpython2u", "plpython3u", "plpythonu", "plsh", "pltclu"];

/// Procedures that are called without brackets.
pub(super) const OUTSIDE_PROCEDURES: &[&str] = &[
    "sp_add_job",
    "sp_addextendedproc",
    "sp_addlinkedserver",
    "sp_addlogin",
    "sp_addrolemember",
    "sp_addsrvrolemember",
    "sp_configure",
    "sp_execute_external_script",
    "sp_executesql",
    "sp_makewebtask",
    "sp_oacreate",
    "sp_oamethod",
    "sp_start_job",
];

/// Functions that read or write files, run programs, call other servers, or stop others' work. In order.
pub(super) const OUTSIDE: &[&str] = &[
    "azureblobstorage",
    "benchmark",
    "dblink",
    "dblink_connect",
    "dblink_exec",
    "dblink_send_query",
    "deltalake",
    "edit",
    "eval",
    "executable",
    "file",
    "glob",
    "hdfs",
    "jdbc",
    "lo_export",
    "lo_from_bytea",
    "lo_import",
    "lo_put",
    "load_extension",
    "load_file",
    "mongodb",
    "mysql",
    "odbc",
    "opendatasource",
    "openquery",
    "openrowset",
    "pg_advisory_lock",
    "pg_cancel_backend",
    "pg_create_physical_replication_slot",
    "pg_execute_server_program",
    "pg_file_rename",
    "pg_file_unlink",
    "pg_file_write",
    "pg_ls_dir",
    "pg_read_binary_file",
    "pg_read_file",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_sleep",
    "pg_stat_file",
    "pg_terminate_backend",
    "postgresql",
    "query_to_xml",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_parquet",
    "read_text",
    "readfile",
    "remote",
    "remotesecure",
    "s3",
    "sleep",
    "sys_bineval",
    "sys_eval",
    "sys_exec",
    "url",
    "utl_file.fopen",
    "writefile",
];

/// What can be dropped, altered and created.
pub(super) const KINDS: &[&str] = &[
    "aggregate",
    "assembly",
    "catalog",
    "certificate",
    "collation",
    "column",
    "connection",
    "constraint",
    "credential",
    "database",
    "dictionary",
    "domain",
    "event",
    "extension",
    "external",
    "foreign",
    "function",
    "index",
    "keyspace",
    "language",
    "library",
    "login",
    "macro",
    "master",
    "materialized",
    "operator",
    "owned",
    "package",
    "partition",
    "policy",
    "pluggable",
    "procedure",
    "profile",
    "publication",
    "role",
    "routine",
    "rule",
    "schema",
    "sequence",
    "server",
    "service",
    "stage",
    "stream",
    "subscription",
    "synonym",
    "system",
    "table",
    "tables",
    "tablespace",
    "task",
    "temporary",
    "trigger",
    "type",
    "user",
    "view",
    "warehouse",
];
