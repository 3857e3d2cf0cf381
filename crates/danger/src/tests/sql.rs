//! SQL: attacks with what they must be classified as, and text that is none.

use super::check;

const DROP: &str = "sql.destructive sql.write";
const EVERY_ROW: &str = "sql.destructive sql.unbounded sql.write";

#[test]
fn statements_are_what_they_do() {
    check(&[
        ("SELECT id FROM users WHERE id = 7", "sql.read"),
        ("select name, email from customers where city = 'Oslo' order by name limit 10", "sql.read"),
        ("SELECT * FROM users", "sql.read sql.unbounded"),
        ("SELECT u.* FROM users u", "sql.read sql.unbounded"),
        ("SELECT * FROM users LIMIT 10", "sql.read"),
        ("SELECT TOP 10 * FROM users", "sql.read"),
        ("SELECT * FROM users FETCH FIRST 5 ROWS ONLY", "sql.read"),
        ("SELECT * FROM users WHERE 1=1", "sql.read sql.unbounded"),
        ("SELECT * FROM users WHERE id = 1 OR 'a'='a'", "sql.read sql.unbounded"),
        ("SELECT count(*) FROM users", "sql.read"),
        ("WITH t AS (SELECT 1) SELECT * FROM t LIMIT 1", "sql.read"),
        ("EXPLAIN DELETE FROM users", "sql.read"),
        ("EXPLAIN ANALYZE DELETE FROM users", "sql.destructive sql.read sql.unbounded sql.write"),
        ("EXPLAIN (ANALYZE, BUFFERS) DELETE FROM users", "sql.destructive sql.read sql.unbounded sql.write"),
        ("SHOW TABLES", "sql.read"),
        ("INSERT INTO logs (at, what) VALUES (1, 'drop table x')", "sql.write"),
        ("INSERT INTO a SELECT id FROM b WHERE c = 1", "sql.read sql.write"),
        ("UPDATE users SET name = 'x' WHERE id = 7", "sql.write"),
        ("DELETE FROM users WHERE id = 7", "sql.write"),
        ("CREATE TABLE t (id int)", "sql.write"),
        ("ALTER TABLE t ADD COLUMN x int", "sql.write"),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN UPDATE SET x = 1", "sql.write"),
        ("SELECT * INTO backup FROM users WHERE id = 1", "sql.read sql.write"),
        ("CALL cleanup(1)", "sql.write"),
        ("PRAGMA cache_size = 100", "sql.write"),
    ]);
}

#[test]
fn what_destroys_is_destructive() {
    check(&[
        ("DROP TABLE users", DROP),
        ("drop table if exists public.users cascade", DROP),
        ("DrOp/**/TaBlE users", "sql.comment sql.destructive sql.write"),
        ("DROP/* x */TABLE/**/users;", "sql.comment sql.destructive sql.write"),
        ("DROP TABLE users;", DROP),
        ("  (((;DROP DATABASE prod", "sql.destructive sql.invalid sql.multiple sql.write"),
        ("```sql\nDROP TABLE users;\n```", DROP),
        ("TRUNCATE TABLE users", DROP),
        ("truncate users", ""),
        ("TRUNCATE users", DROP),
        ("ALTER TABLE users DROP COLUMN email", DROP),
        ("ALTER TABLE users DISABLE ROW LEVEL SECURITY", DROP),
        ("DELETE FROM users", EVERY_ROW),
        ("delete from users", EVERY_ROW),
        ("DELETE FROM users WHERE 1=1", EVERY_ROW),
        ("DELETE FROM users WHERE true", EVERY_ROW),
        ("DELETE FROM users WHERE id = id", EVERY_ROW),
        ("DELETE FROM users WHERE id = 5 OR 1 = 1", EVERY_ROW),
        ("DELETE FROM users WHERE NOT 1=2", EVERY_ROW),
        ("DELETE FROM users WHERE length('ab') = 2", EVERY_ROW),
        ("DELETE FROM users WHERE name LIKE '%'", EVERY_ROW),
        ("DELETE FROM users WHERE 1=0", "sql.write"),
        ("DELETE FROM users LIMIT 5", DROP),
        ("UPDATE users SET role = 'admin'", EVERY_ROW),
        ("UPDATE users SET role = 'admin' WHERE '1' = '1'", EVERY_ROW),
        ("GRANT ALL ON users TO mallory", DROP),
        ("GRANT ALL PRIVILEGES ON *.* TO 'x'@'%'", DROP),
        ("REVOKE SELECT ON users FROM ana", DROP),
        ("CREATE USER mallory WITH PASSWORD 'x'", "sql.destructive sql.invalid sql.write"),
        (
            "WITH old AS (DELETE FROM orders RETURNING *) SELECT * FROM old",
            "sql.destructive sql.read sql.unbounded sql.write",
        ),
        ("SELECT * FROM (SELECT 1) t; DROP TABLE users", "sql.destructive sql.multiple sql.read sql.write"),
        ("SELECT 1; DELETE FROM users WHERE id = 3", "sql.multiple sql.read sql.write"),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$",
            "sql.destructive sql.invalid sql.multiple sql.write",
        ),
        ("EXEC('DROP TABLE users')", DROP),
        ("exec sp_executesql N'DROP TABLE users'", DROP),
        ("ＤＲＯＰ ＴＡＢＬＥ users", DROP),
        ("DR\u{200b}OP TAB\u{ad}LE users", DROP),
        ("DROP\u{a0}TABLE\u{3000}users", DROP),
        ("DROP\u{0}TABLE users", "sql.destructive sql.invalid sql.write"),
    ]);
}

#[test]
fn what_reaches_out_of_the_database_is_destructive() {
    check(&[
        ("SELECT pg_read_file('/etc/passwd')", "sql.destructive sql.read sql.write"),
        ("SELECT \"pg_read_file\" ('/etc/passwd')", "sql.destructive sql.read sql.write"),
        (
            "SELECT name FROM t WHERE id = (SELECT lo_export(1, '/tmp/x'))",
            "sql.destructive sql.read sql.write",
        ),
        ("SELECT load_extension('x.so')", "sql.destructive sql.read sql.write"),
        ("SELECT LOAD_FILE('/etc/passwd')", "sql.destructive sql.read sql.write"),
        ("SELECT 'x' INTO OUTFILE '/var/www/x.php'", "sql.destructive sql.read sql.write"),
        ("COPY t TO PROGRAM 'curl evil'", DROP),
        ("COPY users TO '/tmp/users'", DROP),
        ("COPY (SELECT 1) TO PROGRAM 'sh'", DROP),
        ("exec xp_cmdshell 'whoami'", DROP),
        ("EXEC master..xp_cmdshell 'dir'", DROP),
        ("SELECT * FROM read_csv('/etc/passwd') LIMIT 1", "sql.destructive sql.read sql.write"),
        ("LOAD DATA INFILE '/etc/passwd' INTO TABLE t", "sql.destructive sql.invalid sql.write"),
        ("ATTACH DATABASE '/var/www/x.php' AS x", DROP),
        ("CREATE FUNCTION system(cstring) RETURNS int AS '/lib/libc.so.6', 'system' LANGUAGE C STRICT", DROP),
    ]);
}

#[test]
fn comments_and_quotes_that_change_the_reading_are_found() {
    check(&[
        ("/*!50000 DROP TABLE users */", "sql.comment sql.destructive sql.write"),
        ("SELECT 1 /*!UNION*/ /*!50000SELECT*/ pw FROM users LIMIT 1", "sql.comment sql.read"),
        ("SELECT id FROM users WHERE name = 'x' -- and active", "sql.comment sql.read"),
        ("SELECT id\nFROM users -- all of them\nWHERE id = 1", "sql.read"),
        ("SEL/**/ECT id FROM users WHERE id = 1", "sql.comment sql.read"),
        (
            "SELECT 'a\\'; DROP TABLE users; -- '",
            "sql.comment sql.destructive sql.multiple sql.read sql.write",
        ),
    ]);
}

#[test]
fn pieces_to_be_spliced_in_are_found() {
    check(&[
        ("x'; DROP TABLE users; --", "sql.comment sql.destructive sql.multiple sql.write"),
        ("1; DROP TABLE users", "sql.destructive sql.multiple sql.write"),
        ("Robert'); DROP TABLE students;--", "sql.comment sql.destructive sql.multiple sql.write"),
        ("' OR '1'='1", "sql.comment sql.invalid"),
        ("' or 1=1 --", "sql.comment sql.invalid"),
        ("1 OR 1=1", "sql.invalid"),
        ("admin'--", "sql.comment sql.invalid"),
        ("admin' #", "sql.comment sql.invalid"),
        ("1 UNION SELECT password FROM users", "sql.invalid sql.read"),
        ("-1' uNiOn/**/aLl/**/sElEcT 1,2,3-- -", "sql.comment sql.invalid sql.read"),
    ]);
}

#[test]
fn what_cannot_be_read_is_invalid_and_what_its_words_say() {
    let nested = format!("SELECT {}1{}", "(".repeat(60), ")".repeat(60));
    let long = format!("INSERT INTO t (a) VALUES {}; DROP TABLE t", "(1),".repeat(20_000));
    check(&[
        ("SELECT * FROM users WHERE", "sql.invalid sql.read"),
        ("DELETE FROM users WHERE id = ", "sql.destructive sql.invalid sql.write"),
        (&nested, "sql.invalid sql.read"),
        (&long, "sql.destructive sql.invalid sql.multiple sql.write"),
    ]);
}

#[test]
fn sentences_are_not_sql() {
    let cases: Vec<_> = HARMLESS.iter().map(|text| (*text, "")).collect();
    check(&cases);
}

const HARMLESS: &[&str] = &[
    "",
    "Select the best option from the list and press OK.",
    "Select one of the following: card, cash or invoice.",
    "Select your country",
    "Update the documentation, and set the flag to true if needed.",
    "Update your profile and set a password.",
    "Update README.md",
    "Delete the file from the folder.",
    "Delete from the list every item that is done; keep the others.",
    "Delete all unread messages from last week, please.",
    "Drop table reservations by Friday, or call them.",
    "Drop me a line; thank you.",
    "Create a table of contents from the headings.",
    "Create index cards for the talk; add pictures.",
    "Insert into the slot and turn the key.",
    "Insert the values into the form.",
    "Truncate long titles.",
    "Grant access to the new colleague on Monday.",
    "Grant Ana access to the repository.",
    "Alter the second paragraph.",
    "With love from Oslo; see you soon.",
    "With this change (see below), select works as before.",
    "Explain how to update a table in SQL.",
    "Describe the problem, then what you expected.",
    "Show tables and figures in the appendix.",
    "Call me (after six).",
    "Copy the text from 'Notes' to the clipboard.",
    "Execute the plan.",
    "Use the SELECT statement to read; use DELETE to remove rows.",
    "In SQL, `DROP TABLE users` removes a table; `DELETE FROM users` removes its rows.",
    "The review: the query should say WHERE id = ?; otherwise it updates every row.",
    "I said 'yes' or 'no'; they said \"maybe\" -- and left.",
    "Dear Bob; I hope you are well; select a date that suits you; best, Ana",
    "it's fine; don't worry; that's all",
    "a = b or b = a",
    "if x == 1 or y == 2 { return; }",
    "the European Union selected a site",
    "# Migration\n\n- Create table users\n- Drop column email\n",
    "let rows = db.query(\"SELECT 1\"); // select from users; update later",
    "Merge branch 'main' into feature",
    "Replace A with B; then replace B with C.",
    "Set the table for four; use the good plates.",
    "Do not delete this; it's used by the release job.",
    "Begin at 9; commit to nothing.",
    "font-family: Arial; color: red; select: none",
    "x = 1; update(x); delete x;",
];

#[test]
fn deep_and_long_texts_are_read_in_time() {
    for piece in [
        "(",
        "((SELECT ",
        "SELECT (",
        "1+",
        "-",
        "NOT ",
        "CASE WHEN ",
        "1 OR ",
        "a.",
        "[",
        "{",
        "SELECT * FROM (",
        "f(",
        "x'",
        ";",
        "/*",
        "/*!",
        "--",
        "\"",
        "DROP TABLE x;",
        "UNION SELECT ",
        "WITH a AS (",
        "a JOIN (",
        "EXPLAIN ",
        "BEGIN ",
        "IF ",
        "$$",
        "1::",
        "x->",
        "LATERAL (",
        "EXISTS (",
        "INTERVAL ",
        "ARRAY<",
        "STRUCT<",
        "{'a':",
        "x IN (",
        "PIVOT (",
        "DISTINCT ",
    ] {
        for before in ["SELECT * FROM t WHERE ", "SELECT ", "SELECT * FROM ", "CREATE TABLE t (a ", ""] {
            let _found = crate::classes(&format!("{before}{}", piece.repeat(60_000 / piece.len())));
            let _found = crate::classes(&format!("{before}{}1{}", piece.repeat(8), ")".repeat(8)));
            let _found = crate::classes(&format!("{before}{}1", piece.repeat(200)));
        }
    }
}
