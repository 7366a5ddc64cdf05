//! How diagnostics read, to the letter.

use insta::assert_snapshot;

use super::load_beside;

fn message(text: &str) -> String {
    load_beside(text).expect_err("refused").to_string()
}

#[test]
fn a_duration_without_a_unit() {
    assert_snapshot!(message("name: a\nclient: { timeout: 5 }\n"), @r#"
    error[CUT0011]: `traffic` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: traffic
      = allowed: a list; each item is a mapping with `name`, `arrivals`, `service_time`, `idempotent`, `patience`, `stream`, `session`, `writes`, `calls`
    error[CUT0011]: `strategies` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: strategies
      = allowed: a list; each item is a mapping with `name`, `with`, `recreate`, `rolling`, `blue_green`, `canary`, `config_push`, `manifest`, `codedeploy`, `scripted`
    error[CUT0013]: a duration needs a unit
      --> complete.yaml:2:20
        |
      2 | client: { timeout: 5 }
        |                    ^
      = field: client.timeout
      = value: 5
      = allowed: `none`, or a duration such as 250ms, 5s, 10m or 1h30m, above 0
      = help: did you mean `5s`?
    "#);
}

#[test]
fn a_misspelt_field() {
    assert_snapshot!(message("nmae: a\ntraffic: &t [{name: w, arrivals: {poisson: {rate: 1/s}}, service_time: 1ms}]\nstrategies: [{name: s, rolling: {maxSurg: 1}}]\n"), @r#"
    error[CUT0011]: `name` is missing
      --> complete.yaml:1:1
        |
      1 | nmae: a
        | ^
      = field: name
      = allowed: 1 to 63 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
    error[CUT0010]: there is no field `nmae` here
      --> complete.yaml:1:1
        |
      1 | nmae: a
        | ^^^^
      = field: nmae
      = allowed: a mapping with `apiVersion`, `name`, `description`, `seeds`, `base`, `clock`, `phases`, `traffic`, `client`, `balancer`, `service`, `platform`, `versions`, `releases`, `state`, `stores`, `faults`, `instances`, `operations`, `response`, `analyses`, `cost`, `objectives`, `baseline`, `strategies`
      = help: did you mean `name`?
    error[CUT0010]: there is no field `maxSurg` here
      --> complete.yaml:3:34
        |
      3 | strategies: [{name: s, rolling: {maxSurg: 1}}]
        |                                  ^^^^^^^
      = field: strategies.s.rolling.maxSurg
      = allowed: a mapping with `max_surge`, `max_unavailable`, `min_ready`, `progress_deadline`
      = help: did you mean `max_surge`?
    "#);
}

#[test]
fn a_field_given_twice() {
    assert_snapshot!(message("name: a\nseeds: 3\nseeds: 4\n"), @r#"
    error[CUT0011]: `traffic` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: traffic
      = allowed: a list; each item is a mapping with `name`, `arrivals`, `service_time`, `idempotent`, `patience`, `stream`, `session`, `writes`, `calls`
    error[CUT0011]: `strategies` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: strategies
      = allowed: a list; each item is a mapping with `name`, `with`, `recreate`, `rolling`, `blue_green`, `canary`, `config_push`, `manifest`, `codedeploy`, `scripted`
    error[CUT0009]: `seeds` is given twice
      --> complete.yaml:3:1
        |
      3 | seeds: 4
        | ^^^^^
      = help: first given at complete.yaml:2:1
    "#);
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let text = format!(
        "name: a\nservice: {{ queue: 64, discipline: {}, replicas: none, workers: 8 }}\n",
        "x".repeat(300)
    );
    assert_snapshot!(message(&text), @r#"
    error[CUT0011]: `traffic` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: traffic
      = allowed: a list; each item is a mapping with `name`, `arrivals`, `service_time`, `idempotent`, `patience`, `stream`, `session`, `writes`, `calls`
    error[CUT0011]: `strategies` is missing
      --> complete.yaml:1:1
        |
      1 | name: a
        | ^
      = field: strategies
      = allowed: a list; each item is a mapping with `name`, `with`, `recreate`, `rolling`, `blue_green`, `canary`, `config_push`, `manifest`, `codedeploy`, `scripted`
    error[CUT0015]: this is not one of the words known here
      --> complete.yaml:2:35
        |
      2 | service: { queue: 64, discipline: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = field: service.discipline
      = value: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      = allowed: `fcfs`, `ps`
    error[CUT0013]: this does not begin with a number
      --> complete.yaml:2:347
        |
      2 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxx, replicas: none, workers: 8 }
        |                                          ^^^^
      = field: service.replicas
      = value: none
      = allowed: a whole number in plain digits, 1 to 10000
    "#);
}

#[test]
fn hostile_characters_are_escaped() {
    assert_snapshot!(message("name: \"\\u202egnp\"\n# \u{202e}\ntraffic: \u{202e}[]\n"), @r#"
    error[CUT0011]: `strategies` is missing
      --> complete.yaml:1:1
        |
      1 | name: "\u202egnp"
        | ^
      = field: strategies
      = allowed: a list; each item is a mapping with `name`, `with`, `recreate`, `rolling`, `blue_green`, `canary`, `config_push`, `manifest`, `codedeploy`, `scripted`
    error[CUT0016]: a name begins with a letter or digit
      --> complete.yaml:1:7
        |
      1 | name: "\u202egnp"
        |       ^^^^^^^^^^^
      = field: name
      = value: \u{202e}gnp
      = allowed: 1 to 63 letters, digits, `-`, `_` and `.`, beginning with a letter or digit
    error[CUT0012]: a single value cannot stand here
      --> complete.yaml:3:10
        |
      3 | traffic: \u{202e}[]
        |          ^^^^^^^^^^
      = field: traffic
      = value: \u{202e}[]
      = allowed: a list; each item is a mapping with `name`, `arrivals`, `service_time`, `idempotent`, `patience`, `stream`, `session`, `writes`, `calls`
    "#);
}

#[test]
fn weights_that_fall() {
    let text = super::complete().replace("- weight: 50%", "- weight: 4%");
    assert_snapshot!(message(&text), @r#"
    error[CUT0022]: the weights of a canary must rise, but 4% comes after 5%
      --> complete.yaml:286:19
          |
      286 |         - weight: 4%
          |                   ^^
      = field: strategies.canary.canary.steps[3].weight
      = help: the earlier weight is at complete.yaml:283:19
    "#);
}
