//! Small specs, templates and patches that would take all memory: an error that names the place, within little memory.

use std::process::Command;

use crate::support::{Run, Sandbox, finish};

/// Address space that the program gets: a few times what a budget allows, and too little for what these ask for.
const MEMORY: u64 = 1 << 30;

/// Renders `text` with a template of that content, in little memory.
fn render(spec: &str, template: &str) -> Run {
    let sandbox = Sandbox::with_toml(&format!("templates = \"templates\"\n{spec}"));
    sandbox.write("templates/extra.yaml.j2", template);
    limited(&sandbox, &["render"])
}

fn limited(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let program = sandbox.command(arguments);
    let mut command = Command::new("prlimit");
    command.arg(format!("--as={MEMORY}")).arg(program.get_program()).args(program.get_args());
    command.current_dir(sandbox.folder());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    finish(&mut command)
}

const SPEC: &str = "[hosts.\"a.example.com\"]\nservice = \"web\"\ntls = false\n[services.web]\nexisting = true\nport = 80\n";

/// Twenty-six copies of `metadata` into itself, each of which doubles the object.
#[test]
fn patches_that_copy_into_themselves() {
    let copies = (0..26)
        .map(|n| format!("{{op = \"copy\", from = \"/metadata\", path = \"/metadata/x{n}\"}}"));
    let copies: Vec<_> = copies.collect();
    let patches = format!(
        "patches = [{{target = {{kind = \"Ingress\"}}, patch = [{}]}}]\n{SPEC}",
        copies.join(", ")
    );
    let sandbox = Sandbox::with_toml(&patches);
    let run = limited(&sandbox, &["render"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("(`copy` `/metadata/x"), "{}", run.stderr);
    assert!(run.stderr.contains("larger than 16 MiB"), "{}", run.stderr);
}

/// A value that a merge patch gives to each of many objects: one of them is small, all together are not.
#[test]
fn patches_that_add_much_to_each_of_many_objects() {
    let large = "x".repeat(1 << 20);
    let hosts: String = (0..200)
        .map(|n| format!("[hosts.\"h{n}.example.com\"]\nservice = \"web\"\ntls = false\n"))
        .collect();
    let spec = format!(
        "patches = [{{target = {{kind = \"Ingress\"}}, patch = {{metadata = {{annotations = {{\"example.com/x\" = \"{large}\"}}}}}}}}]\n{hosts}[services.web]\nexisting = true\nport = 80\n"
    );
    let run = limited(&Sandbox::with_toml(&spec), &["render"]);
    assert_eq!(run.status, 2, "{}", run.stderr.lines().next().unwrap_or_default());
    assert!(run.stderr.contains("patches add more than"), "{}", run.stderr);
}

/// Every operator and filter that makes much of little.
#[test]
fn templates_that_double() {
    let templates = [
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set x = 'x' * 99000000 %}{% set y = 'y' * 99000000 %}{% set z = [x ~ y, y ~ x, x ~ x] %}",
        "{% set x = 99000000 * (1,) %}",
        "{% set x = [1] | slice(2000000000) %}",
        "{% set x = 'abc' | indent(2000000000, true) %}",
        "{% set n = namespace(x='aa') %}{% for i in range(60) %}{% set n.x = n.x | replace('a', 'aa') %}{% endfor %}",
        "{% set x = '%2000000000s' | format('a') %}",
        "{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}a: {{ n.x }}",
        "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x %}{{ n.x }}{{ n.x }}{% endset %}{% endfor %}",
    ];
    // Filters, tests and methods that make a text of a list, or compare it.
    let looks =
        ["x | replace('a', 'b')", "'a' | replace('a', x)", "x | indent(2)", "['a'] | join(x)"];
    let looks = looks.into_iter().chain(["'a' is endingwith(x)", "loop.changed(x, [y])"]);
    let looks = looks.map(|look| {
        format!(
            "{{% set n = namespace(x=['a'], y=['a']) %}}\
            {{% for i in range(60) %}}{{% set n.x = [n.x, n.x] %}}{{% set n.y = [n.y, n.y] %}}{{% endfor %}}\
            {{% for x, y in [(n.x, n.y), (n.y, n.x)] %}}{{{{ {look} }}}}{{% endfor %}}"
        )
    });
    for template in templates.map(str::to_owned).into_iter().chain(looks) {
        let run = render(SPEC, &format!("# first line\n{template}\n"));
        assert_eq!(run.status, 2, "{template}\n{}", run.stderr);
        let words = "extra.yaml.j2`, line 2: it makes more text and lists than one rendering may";
        assert!(run.stderr.contains(words), "{template}\n{}", run.stderr);
    }
}

/// The engine carries out what has constants alone when it reads a template, before any budget counts.
#[test]
fn templates_that_are_large_before_they_are_rendered() {
    let lists = "{% set x = 99000000 * (1,) %}".repeat(20);
    let run = render(SPEC, &lists);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("template-too-large"), "{}", run.stderr);
}

/// The engine's compiler calls itself for each operator: a long chain ends the stack.
#[test]
fn templates_that_end_the_stack() {
    for template in [
        format!("a: {{{{ {}1 }}}}\n", "1 - ".repeat(70_000)),
        format!("a: {{{{ model{} }}}}\n", ".a".repeat(70_000)),
        format!("{{% if model %}}{}{{% endif %}}\n", "{% elif model %}".repeat(60_000)),
    ] {
        let run = render(SPEC, &template);
        assert_eq!(run.status, 2, "{}", &run.stderr[..run.stderr.len().min(300)]);
        assert!(run.stderr.contains("template-malformed"), "{}", run.stderr);
    }
}

/// The engine divides by what a template gives it, and panics where that is 0.
#[test]
fn templates_that_end_the_program() {
    for template in [
        "{% for x in [1] %}{{ loop.cycle() }}{% endfor %}",
        "{% for x in [1] %}{{ loop.cycle(*[]) }}{% endfor %}",
        "{{ 1 is divisibleby(0) }}",
    ] {
        let run = render(SPEC, &format!("# first line\n{template}\n"));
        assert_eq!(run.status, 2, "{template}\n{}", run.stderr);
        assert!(run.stderr.contains("extra.yaml.j2`, line 2: "), "{template}\n{}", run.stderr);
    }
}

/// Rows of lists that hold the same elements again and again, and texts that are only looked at.
#[test]
fn templates_that_make_rows_or_only_look() {
    let many = |body: &str| {
        format!(
            "{{% set l = range(90000) | list %}}{{% set s = 'a' * 8000000 %}}{{% set t = s ~ 'b' %}}\
             {{% set n = namespace(x=0) %}}{{% for i in range(3000) %}}{{% set n.x = {body} %}}{{% endfor %}}"
        )
    };
    for body in [
        "[l | batch(90000) | list, n.x]",
        "[l | slice(1) | list, n.x]",
        "[l | zip(l, l, l, l) | list, n.x]",
        "s is lower",
        "t is startingwith(s)",
        "'b' in s",
        "'b' not in s",
        "{t: 1}",
    ] {
        let run = render(SPEC, &format!("# first line\n{}\n", many(body)));
        assert_eq!(run.status, 2, "{body}\n{}", run.stderr);
        let words = "it makes more text and lists than one rendering may";
        assert!(run.stderr.contains(words), "{body}\n{}", run.stderr);
    }
}
