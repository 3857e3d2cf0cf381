//! From the manifest's text to its checked types, collecting every problem on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Component as PathPart, Path, PathBuf};

use toml::Spanned;

use super::file::{self, Commands, File, Files, HttpTrigger, OrOther};
use super::problem::{Found, Problems};
use super::{Application, Component, Manifest, Mount, Variable};
use crate::allowed_hosts::HostTemplate;
use crate::routes::{Route, Router};
use crate::template::Template;
use crate::variables;

/// Checks `source` as the manifest at `path`.
pub(super) fn manifest(path: &Path, source: &str) -> Result<Manifest, Problems> {
    let mut found = Found::in_source(source);
    let file = match toml::from_str::<File>(source) {
        Ok(file) => file,
        Err(error) => {
            found.at(error.span().unwrap_or(0..0), error.message());
            return Err(found.take());
        }
    };
    let File { spin_manifest_version, application, variables, trigger, component } = file;
    if *spin_manifest_version.get_ref() != 2 {
        found.at(spin_manifest_version.span(), "`spin_manifest_version` must be 2");
    }
    let root = path.parent().unwrap_or(Path::new("")).to_owned();
    let application = self::application(application, &mut found);
    let variables = self::variables(variables, &mut found);
    let ids = component.keys().map(|id| id.get_ref().clone()).collect();
    let components = component
        .into_iter()
        .map(|(id, component)| {
            let component = self::component(&root, id, component, &variables, &mut found);
            (component.id.clone(), component)
        })
        .collect();
    unsupported(trigger.redis, "the trigger type `redis`", &mut found);
    let router = router(trigger.http, &ids, &mut found);
    found.or(Manifest { path: path.to_owned(), root, application, variables, components, router })
}

fn application(application: file::Application, found: &mut Found<'_>) -> Application {
    let file::Application { name, version, description, trigger, _authors, _targets, _tool } = application;
    unsupported(trigger, "`application.trigger`", found);
    if name.get_ref().is_empty() {
        found.at(name.span(), "the application's name is empty");
    }
    Application { name: name.into_inner(), version, description }
}

fn variables(
    file: BTreeMap<Spanned<String>, file::Variable>,
    found: &mut Found<'_>,
) -> BTreeMap<String, Variable> {
    file.into_iter()
        .map(|(name, variable)| {
            let file::Variable { required, default, _description, _secret } = variable;
            found.keep(name.span(), variables::check_name(name.get_ref()));
            if required == default.is_some() {
                let text = format!("variable `{}` must have a `default` or be `required`", name.get_ref());
                found.at(name.span(), format_args!("{text}{}", if required { ", not both" } else { "" }));
            }
            (name.into_inner(), Variable { default })
        })
        .collect()
}

fn component(
    root: &Path,
    id: Spanned<String>,
    file: file::Component,
    known: &BTreeMap<String, Variable>,
    found: &mut Found<'_>,
) -> Component {
    let span = id.span();
    let id = id.into_inner();
    found.keep(span, check_component_id(&id));
    refuse_unsupported(&file, found);
    let source_span = file.source.span();
    let source = match file.source.into_inner() {
        OrOther::Supported(source) => root.join(source),
        OrOther::Other(_) => {
            found.at(source_span, "a remote component source is not supported by the embedded host");
            PathBuf::new()
        }
    };
    let allowed = |host: Spanned<String>, found: &mut Found<'_>| {
        let template = template(&host, known, found)?;
        found.keep(host.span(), HostTemplate::try_from(template))
    };
    Component {
        source,
        description: file.description,
        allowed_hosts: filter(file.allowed_outbound_hosts, found, allowed),
        stores: filter(file.key_value_stores, found, store).into_iter().collect(),
        variables: file
            .variables
            .into_iter()
            .filter_map(|(name, value)| {
                found.keep(name.span(), variables::check_name(name.get_ref()));
                Some((name.into_inner(), template(&value, known, found)?))
            })
            .collect(),
        environment: file.environment,
        files: filter(file.files, found, mount),
        excluded: filter(file.exclude_files, found, |pattern, found| {
            found.keep(pattern.span(), glob_pattern(pattern.get_ref()))
        }),
        build: match file.build.map(|build| build.command) {
            None => Vec::new(),
            Some(Commands::One(command)) => vec![command],
            Some(Commands::Many(commands)) => commands,
        },
        id,
    }
}

fn refuse_unsupported(file: &file::Component, found: &mut Found<'_>) {
    let keys = [
        (&file.ai_models, "`ai_models`"),
        (&file.allowed_http_hosts, "`allowed_http_hosts` (write `allowed_outbound_hosts`)"),
        (&file.dependencies, "`dependencies`"),
        (&file.dependencies_inherit_configuration, "`dependencies_inherit_configuration`"),
        (&file.profile, "`profile`"),
        (&file.sqlite_databases, "`sqlite_databases`"),
    ];
    for (value, key) in keys {
        unsupported(value.as_ref(), key, found);
    }
}

/// Anything whose place in the file is known.
trait Placed {
    fn place(&self) -> Range<usize>;
}

impl<T> Placed for Spanned<T> {
    fn place(&self) -> Range<usize> {
        self.span()
    }
}

impl<T> Placed for &Spanned<T> {
    fn place(&self) -> Range<usize> {
        self.span()
    }
}

fn unsupported(value: Option<impl Placed>, what: &str, found: &mut Found<'_>) {
    if let Some(value) = value {
        found.at(value.place(), format_args!("{what} is not supported by the embedded host"));
    }
}

fn filter<T, U>(
    values: Vec<T>,
    found: &mut Found<'_>,
    check: impl Fn(T, &mut Found<'_>) -> Option<U>,
) -> Vec<U> {
    values.into_iter().filter_map(|value| check(value, found)).collect()
}

fn template(
    text: &Spanned<String>,
    known: &BTreeMap<String, Variable>,
    found: &mut Found<'_>,
) -> Option<Template> {
    let template = found.keep(text.span(), Template::parse(text.get_ref()))?;
    for name in template.variables().filter(|name| !known.contains_key(*name)) {
        found.at(text.span(), format_args!("`{name}` is not among the `[variables]` of the application"));
    }
    Some(template)
}

fn store(label: Spanned<String>, found: &mut Found<'_>) -> Option<String> {
    let words = |delimiter| {
        label.get_ref().split(delimiter).all(|word: &str| {
            word.starts_with(|c: char| c.is_ascii_alphabetic())
                && word.chars().all(|c| c.is_ascii_alphanumeric())
        })
    };
    if words('-') || words('_') {
        return Some(label.into_inner());
    }
    let text = format_args!("`{}` is not a store label: write kebab-case or snake_case", label.get_ref());
    found.at(label.span(), text);
    None
}

/// A component's id is kebab-case: words of letters and digits, each beginning with a letter.
fn check_component_id(id: &str) -> Result<(), String> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if id.split('-').all(word) { Ok(()) } else { Err(format!("the component id `{id}` is not kebab-case")) }
}

fn mount(files: Spanned<Files>, found: &mut Found<'_>) -> Option<Mount> {
    let span = files.span();
    let checked = match files.into_inner() {
        Files::Pattern(pattern) => check_pattern(pattern),
        Files::Placement(file::Placement { source, destination }) => check_placement(source, &destination),
    };
    found.keep(span, checked)
}

fn check_pattern(pattern: String) -> Result<Mount, String> {
    let ends_in_dots = [".", ".."].iter().any(|dots| Path::new(&pattern).ends_with(dots) || pattern == *dots);
    if ends_in_dots || pattern.ends_with("/.") || pattern.is_empty() {
        return Err(format!(
            "the file pattern `{pattern}` names a directory; use a source and a destination"
        ));
    }
    if !Path::new(&pattern).is_relative() {
        return Err(format!("the file pattern `{pattern}` is not relative to the manifest"));
    }
    glob_pattern(&pattern)?;
    Ok(Mount::Pattern(pattern))
}

fn glob_pattern(pattern: &str) -> Result<glob::Pattern, String> {
    glob::Pattern::new(pattern)
        .map_err(|error| format!("the file pattern `{pattern}` is not a glob pattern: {}", error.msg))
}

fn check_placement(source: String, destination: &str) -> Result<Mount, String> {
    let relative = destination.strip_prefix('/').map(Path::new);
    let plain = |path: &Path| path.components().all(|part| matches!(part, PathPart::Normal(_)));
    match relative {
        Some(relative) if plain(relative) => {
            Ok(Mount::Placement { source: source.into(), destination: relative.to_owned() })
        }
        Some(_) | None => {
            Err(format!("the destination `{destination}` is not an absolute path without `..`"))
        }
    }
}

fn router(triggers: Vec<HttpTrigger>, ids: &BTreeSet<String>, found: &mut Found<'_>) -> Router {
    let mut router = Router::default();
    for trigger in triggers {
        let HttpTrigger { route, component, executor, static_response, components, dependencies, _id } =
            trigger;
        let place = route.span();
        let refused = [
            (executor, "`executor`"),
            (static_response, "`static_response`"),
            (components, "`components`"),
            (dependencies, "`dependencies`"),
        ];
        for (value, key) in refused {
            unsupported(value, key, found);
        }
        let Some(component) = component else {
            found.at(place, "the trigger has no `component`");
            continue;
        };
        let route = supported(route, "a private route", found);
        let component_place = component.span();
        let component = supported(component, "a component written in its trigger", found);
        let (Some(route), Some(component)) = (route, component) else { continue };
        if !ids.contains(&component) {
            found.at(component_place, format_args!("there is no `[component.{component}]`"));
        }
        let added = Route::parse(&route, &component).map(|route| router.add(route)).and_then(|added| added);
        found.keep(place, added);
    }
    router
}

fn supported<T>(value: Spanned<OrOther<T>>, otherwise: &str, found: &mut Found<'_>) -> Option<T> {
    let span = value.span();
    match value.into_inner() {
        OrOther::Supported(value) => Some(value),
        OrOther::Other(_) => {
            found.at(span, format_args!("{otherwise} is not supported by the embedded host"));
            None
        }
    }
}
