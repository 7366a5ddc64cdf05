//! `cutover import kubernetes` and bare manifests, on what kubectl really prints.

use cutover::import::kubernetes::scenario;
use cutover::plan::{ManifestVerdict, Policy, Readiness, Strategy, Study};
use cutover::scenario::{Imported, NoFiles, Overrides, import, load_text, yaml};

/// `kubectl get deploy,hpa,pdb,svc -o yaml` of a namespace, in its usual shape.
const CHECKOUT: &str = include_str!("../data/kubectl/checkout.yaml");

fn imported(text: &str) -> Imported {
    import("k.yaml", text.as_bytes(), None).unwrap_or_else(|problem| panic!("{problem}"))
}

/// The study of what is written for a manifest.
fn study(text: &str) -> Study {
    let written = scenario(&imported(text), "k.yaml");
    load_text("written.yaml", &written.text, &NoFiles, &Overrides::default())
        .unwrap_or_else(|problem| panic!("{problem}\n{}", written.text))
}

fn deployment(container: &str, pod: &str, spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  {spec}\n  \
         template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      {pod}\n      \
         containers:\n      - name: web\n        {container}\n"
    )
}

#[test]
fn a_cluster_s_objects_become_a_valid_scenario() {
    let study = study(CHECKOUT);
    assert_eq!((study.name.as_str(), study.arms.len()), ("checkout", 1));
    let plan = &study.plan;
    assert_eq!(plan.service.replicas, 8);
    assert_eq!(plan.service.shutdown.pre_stop.as_secs_f64(), 10.0);
    assert_eq!(plan.service.shutdown.grace.as_secs_f64(), 45.0);
    let Readiness::Probe(readiness) = &plan.service.probes.readiness else { panic!("no probe") };
    assert_eq!((readiness.period.as_secs_f64(), readiness.failure_threshold), (5.0, 2));
    assert_eq!(plan.service.probes.liveness.as_ref().unwrap().initial_delay.as_secs_f64(), 15.0);
    assert_eq!(plan.service.probes.startup.as_ref().unwrap().failure_threshold, 30);
    // maxUnavailable 25 % of 8.
    assert_eq!(plan.platform.pdb_min_available, Some(cutover::plan::IntOrPercent::Int(6)));
    assert_eq!(plan.balancer.policy, Policy::Random);
    assert_eq!(plan.balancer.sticky.as_ref().unwrap().ttl.as_secs_f64(), 600.0);
    let Strategy::Rolling(rolling) = &study.arms[0].strategy else { panic!("not rolling") };
    assert_eq!(rolling.max_unavailable, cutover::plan::IntOrPercent::Int(1));
    assert_eq!(rolling.min_ready.as_secs_f64(), 5.0);
}

#[test]
fn documents_a_list_and_json_say_the_same() {
    let tree = yaml::parse(0, CHECKOUT).unwrap().documents.remove(0);
    let items: Vec<String> = tree.get("items").unwrap().items().iter().map(json).collect();
    let documents = items.join("\n---\n");
    let list =
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{}]}}", items.join(","));
    assert!(serde_json::from_str::<serde_json::Value>(&list).is_ok(), "it is JSON");
    let text = |source: &str| scenario(&imported(source), "k.yaml").text;
    assert_eq!(text(&documents), text(CHECKOUT));
    assert_eq!(text(&list), text(CHECKOUT));
    assert_eq!(text(&CHECKOUT.replace('\n', "\r\n")), text(CHECKOUT));
}

/// A tree as JSON; scalars that are no number or boolean in quotes.
fn json(node: &yaml::Node) -> String {
    match &node.value {
        yaml::Value::Null => "null".to_owned(),
        yaml::Value::Scalar { text, plain } => {
            let bare = *plain && (text.parse::<i64>().is_ok() || text == "true");
            if bare { text.clone() } else { serde_json::to_string(text).unwrap() }
        }
        yaml::Value::List(items) => {
            format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(","))
        }
        yaml::Value::Map(entries) => {
            let field = |entry: &yaml::Entry| {
                format!("{}:{}", serde_json::to_string(&entry.key).unwrap(), json(&entry.value))
            };
            format!("{{{}}}", entries.iter().map(field).collect::<Vec<_>>().join(","))
        }
    }
}

#[test]
fn every_field_is_used_approximated_or_ignored_and_stands_in_the_file() {
    let imported = imported(CHECKOUT);
    let written = scenario(&imported, "k.yaml");
    for (field, verdict) in [
        ("spec.replicas", ManifestVerdict::Used),
        ("(PodDisruptionBudget).spec.maxUnavailable", ManifestVerdict::Approximated),
        ("(Service).spec.sessionAffinity", ManifestVerdict::Approximated),
        ("(Service).spec.externalTrafficPolicy", ManifestVerdict::Ignored),
        ("(Service).spec.publishNotReadyAddresses", ManifestVerdict::Ignored),
        ("(HorizontalPodAutoscaler).spec.maxReplicas", ManifestVerdict::Used),
        ("(Service kubernetes)", ManifestVerdict::Ignored),
        ("(Widget unrelated)", ManifestVerdict::Ignored),
        ("spec.template.spec.initContainers", ManifestVerdict::Ignored),
        ("spec.template.spec.containers[0].resources", ManifestVerdict::Ignored),
        ("metadata", ManifestVerdict::Ignored),
        ("status", ManifestVerdict::Ignored),
    ] {
        let notes: Vec<_> =
            imported.manifest.notes.iter().filter(|note| note.field == field).collect();
        assert_eq!(notes.len(), 1, "{field}");
        assert_eq!(notes[0].verdict, verdict, "{field}");
        assert!(written.text.contains(&format!("{field}: ")), "{field}\n{}", written.text);
    }
}

#[test]
fn what_a_manifest_leaves_out_has_kubernetes_defaults() {
    let text = deployment("image: web", "restartPolicy: Always", "paused: false");
    let plan = study(&text).plan;
    assert_eq!(plan.service.replicas, 1);
    assert_eq!(plan.service.probes.readiness, Readiness::None);
    assert_eq!(plan.service.shutdown.grace.as_secs_f64(), 30.0);
    assert_eq!(plan.service.shutdown.pre_stop.0, 0);
    let Strategy::Rolling(rolling) = &study(&text).arms[0].strategy else { panic!("not rolling") };
    assert_eq!(rolling.max_surge, cutover::plan::IntOrPercent::Percent(25));
}

#[test]
fn odd_manifests_become_valid_scenarios_too() {
    for text in [
        deployment("image: web", "restartPolicy: Always", "replicas: 0"),
        deployment("image: web", "restartPolicy: Always", "strategy: {type: Recreate}"),
        deployment("image: web", "restartPolicy: Always", "progressDeadlineSeconds: 2147483647"),
        deployment("image: web", "restartPolicy: Always", "strategy: {}"),
        deployment("image: web", "terminationGracePeriodSeconds: 0", "paused: true"),
        deployment(
            "lifecycle: {preStop: {exec: {command: [sleep, '0.5']}}}",
            "a: b",
            "replicas: 3",
        ),
        deployment(
            "lifecycle: {preStop: {sleep: {seconds: 5}}, postStart: {}}",
            "a: b",
            "replicas: 3",
        ),
        deployment(
            "readinessProbe: {exec: {command: [cat, /ok]}, timeoutSeconds: 0}",
            "a: b",
            "replicas: 3",
        ),
        deployment("readinessProbe: null", "initContainers: []", "replicas: 500"),
        deployment("name2: 'a: \"b\" # c\\'", "a: b", "replicas: 3")
            .replace("{name: web}", "{name: 'web\"# {x}'}"),
        deployment("image: web", "a: b", "replicas: 3").replace("metadata: {name: web}\n", ""),
    ] {
        let study = study(&text);
        assert_eq!(study.arms.len(), 1, "{text}");
    }
}

#[test]
fn an_autoscaler_gives_the_replicas_that_a_manifest_leaves_to_it() {
    let scaler = "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {minReplicas: 4, \
                  maxReplicas: 9, scaleTargetRef: {kind: Deployment, name: web}}\n";
    let text = deployment("image: web", "restartPolicy: Always", "paused: false") + scaler;
    assert_eq!(study(&text).plan.service.replicas, 4);
    let text = deployment("image: web", "restartPolicy: Always", "replicas: 7") + scaler;
    let plan = study(&text).plan;
    assert_eq!(plan.service.replicas, 7);
    let hpa = plan.platform.hpa.expect("an autoscaler");
    assert_eq!((hpa.min, hpa.max, hpa.target), (4, 9, 0.8));
    let on_memory =
        scaler.replace("maxReplicas: 9,", "maxReplicas: 9, metrics: [{resource: {name: memory}}],");
    let text = deployment("image: web", "restartPolicy: Always", "replicas: 7") + &on_memory;
    assert_eq!(study(&text).plan.platform.hpa, None);
}

#[test]
fn what_a_service_says_of_the_balancer() {
    let service = |spec: &str| {
        let service = format!(
            "---\napiVersion: v1\nkind: Service\nspec: {{selector: {{app: web}}, {spec}}}\n"
        );
        study(&(deployment("image: web", "a: b", "replicas: 3") + &service)).plan.balancer
    };
    assert_eq!(service("type: ClusterIP").policy, Policy::Random);
    assert!(service("sessionAffinity: None").sticky.is_none());
    let ttl = service("sessionAffinity: ClientIP").sticky.unwrap().ttl;
    assert_eq!(ttl.as_secs_f64(), 10_800.0);
    assert_eq!(service("clusterIP: None").nodes, 1);
}
