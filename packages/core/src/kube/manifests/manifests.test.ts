import { describe, expect, it } from "vitest";
import { BUILTIN_KINDS, CUSTOM_RESOURCES } from "../../api/index.ts";
import { formatProblem, loadManifests } from "./manifests.ts";

const NODE_POOL = `apiVersion: karpenter.sh/v1
kind: NodePool
metadata:
  name: general
spec:
  template:
    spec:
      nodeClassRef: { group: karpenter.ovhcloud.sh, kind: OVHNodeClass, name: default }
      requirements:
        - key: karpenter.sh/capacity-type
          operator: In
          values: ["on-demand"]
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            requests: { cpu: 500m, memory: 1Gi }
`;

function load(text: string) {
  return loadManifests([{ name: "app.yaml", text }], CUSTOM_RESOURCES);
}

function problems(text: string): string[] {
  return load(text).problems.map(formatProblem);
}

function podWith(lines: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec:\n  containers: [{ name: c, image: i }]\n${lines}\n`;
}

describe("loadManifests", () => {
  it("answers objects as written, with resource, document and line", () => {
    const { objects, problems: none } = load(`# intro\n---\n${NODE_POOL}---\n# nothing\n---\n${DEPLOYMENT}`);
    expect(none).toEqual([]);
    expect(objects.map(({ source, document, line, resource }) => [source, document, line, resource.plural])).toEqual([
      ["app.yaml", 1, 3, "nodepools"],
      ["app.yaml", 3, 18, "deployments"],
    ]);
    expect(objects[0]?.object).not.toHaveProperty("spec.disruption");
  });

  it("opens a List", () => {
    const text = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Namespace\n    metadata: { name: a }\n  - kind: Namespace\n    metadata: { name: b }\n`;
    expect(load(text).objects.map(({ object }) => object.metadata.name)).toEqual(["a"]);
    expect(problems(text)).toEqual([
      "app.yaml:7: Namespace b (document 1): apiVersion: required field is missing; add apiVersion: v1",
    ]);
  });

  it("keeps reading after a mistake", () => {
    const { objects, problems: found } = loadManifests(
      [
        { name: "a.yaml", text: `kind: Pod\n---\n${NODE_POOL}` },
        { name: "b.yaml", text: DEPLOYMENT },
      ],
      CUSTOM_RESOURCES,
    );
    expect(objects.map(({ source }) => source)).toEqual(["a.yaml", "b.yaml"]);
    expect(found.map(({ source, document, field }) => [source, document, field])).toEqual([
      ["a.yaml", 1, "apiVersion"],
      ["a.yaml", 1, "metadata.name"],
    ]);
  });

  it("leaves defaults, unset statuses and nulls to the server", () => {
    expect(problems(podWith("  affinity: null\n  nodeSelector:\nstatus: {}"))).toEqual([]);
  });
});

describe("messages about what a document is", () => {
  it.each([
    [
      "kind: NodePool\nmetadata: { name: a }",
      ["app.yaml:1: NodePool a (document 1): apiVersion: required field is missing; add apiVersion: karpenter.sh/v1"],
    ],
    [
      "apiVersion: v1\nmetadata: { name: a }",
      ["app.yaml:1: a (document 1): kind: required field is missing; add it, for example kind: NodePool"],
    ],
    [
      "apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {}",
      ["app.yaml:3: Namespace (document 1): metadata.name: required field is missing; give the object a name"],
    ],
    [
      "apiVersion: karpenter.sh/v1\nkind: Nodepool\nmetadata: { name: a }",
      ['app.yaml:2: Nodepool a (document 1): kind: unknown kind; did you mean NodePool? (found "Nodepool")'],
    ],
    [
      "apiVersion: karpenter.sh/v1\nkind: Provisioner\nmetadata: { name: a }",
      [
        'app.yaml:2: Provisioner a (document 1): kind: unknown kind; karpenter.sh/v1 has NodeClaim, NodePool (found "Provisioner")',
      ],
    ],
    [
      "apiVersion: karpenter.sh/v1beta1\nkind: NodePool\nmetadata: { name: a }",
      [
        'app.yaml:1: NodePool a (document 1): apiVersion: kind NodePool is not known in karpenter.sh/v1beta1; write karpenter.sh/v1 (found "karpenter.sh/v1beta1")',
      ],
    ],
    ["- a\n- b", ["app.yaml:1: document 1: a document must be one object with apiVersion, kind and metadata"]],
    ["a: 1\na: 2", ["app.yaml:2: document 1: not valid YAML: Map keys must be unique"]],
  ])("%j", (text, expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it("names the line of a syntax mistake", () => {
    const [first] = load("kind: Pod\nmetadata:\n\tname: a\n").problems;
    expect(first).toMatchObject({ source: "app.yaml", document: 1, line: 3, field: "" });
    expect(first?.message).toMatch(/^not valid YAML: .*[Tt]ab/);
  });

  it("drops a namespace where the kind has none, as the server does", () => {
    const { objects, problems: none } = load(
      NODE_POOL.replace("name: general", "name: general\n  namespace: karpenter"),
    );
    expect(none).toEqual([]);
    expect(objects[0]?.object.metadata).toEqual({ name: "general" });
  });

  it("takes names of roles, and beginnings of names", () => {
    expect(
      problems(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: 'system:a' }\nrules: []",
      ),
    ).toEqual([]);
    expect(problems("apiVersion: v1\nkind: Namespace\nmetadata: { generateName: a- }")).toEqual([]);
  });

  it("says so when a kind is of nobody here", () => {
    expect(problems("apiVersion: kueue.x-k8s.io/v1\nkind: Cohort\nmetadata: { name: a }")).toEqual([
      'app.yaml:2: Cohort a (document 1): kind: unknown kind; only kinds of Kubernetes, Karpenter and the clouds can be read (found "Cohort")',
    ]);
  });
});

describe("messages about NodePools", () => {
  it("counts a misspelt required field once", () => {
    expect(problems(NODE_POOL.replace("requirements:", "requirement:"))).toEqual([
      "app.yaml:9: NodePool general (document 1): spec.template.spec.requirement: unknown field; did you mean requirements?",
    ]);
  });

  it("lists the operators", () => {
    expect(problems(NODE_POOL.replace("operator: In", "operator: in"))).toEqual([
      'app.yaml:11: NodePool general (document 1): spec.template.spec.requirements[0].operator: must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, Gte, Lte; did you mean In? (found "in")',
    ]);
  });

  it("points at the requirement that breaks a rule", () => {
    const text = `${NODE_POOL}        - key: a.b/cpu\n          operator: Gt\n          values: ["4", "8"]\n`;
    expect(problems(text)).toEqual([
      "app.yaml:13: NodePool general (document 1): spec.template.spec.requirements[1]: a requirement with operator Gt, Lt, Gte or Lte needs exactly one value, a whole number of 0 or more in quotes",
    ]);
  });

  it("points at a bad quantity and a bad duration", () => {
    expect(
      problems(`${NODE_POOL}  limits:\n    cpu: 10 cores\n    memory: 0.5\n  disruption:\n    consolidateAfter: 1d\n`),
    ).toEqual([
      'app.yaml:14: NodePool general (document 1): spec.limits.cpu: must be a quantity such as 500m, 2 or 1Gi (found "10 cores")',
      'app.yaml:15: NodePool general (document 1): spec.limits.memory: must be a whole number or text, not a fraction; write it in quotes, "0.5" (found 0.5)',
      'app.yaml:17: NodePool general (document 1): spec.disruption.consolidateAfter: must be a duration of whole seconds, minutes or hours such as 30s, 5m or 1h30m, or Never (found "1d")',
    ]);
  });

  it("asks for the quotes that YAML took away", () => {
    expect(problems(NODE_POOL.replace('["on-demand"]', "[1]"))).toEqual([
      'app.yaml:12: NodePool general (document 1): spec.template.spec.requirements[0].values[0]: must be text, not a whole number; write it in quotes, "1" (found 1)',
    ]);
  });
});

describe("messages about Kubernetes' own kinds", () => {
  it.each([
    [
      podWith("  tolerationz: []"),
      "app.yaml:6: Pod p (document 1): spec.tolerationz: unknown field; did you mean tolerations?",
    ],
    [
      podWith("  tolerations: [{ effect: NoSchedul, operator: Exists }]"),
      'app.yaml:6: Pod p (document 1): spec.tolerations[0].effect: must be one of NoSchedule, PreferNoSchedule, NoExecute; did you mean NoSchedule? (found "NoSchedul")',
    ],
    [
      podWith("  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone }]"),
      "app.yaml:6: Pod p (document 1): spec.topologySpreadConstraints[0].whenUnsatisfiable: required field is missing; add it",
    ],
    [
      DEPLOYMENT.replace("cpu: 500m", "cpu: 500 m"),
      'app.yaml:17: Deployment web (document 1): spec.template.spec.containers[0].resources.requests.cpu: must be a quantity such as 500m, 2 or 1Gi (found "500 m")',
    ],
    [
      DEPLOYMENT.replace("labels: { app: web }", "labels: { app: api }"),
      "app.yaml:7: Deployment web (document 1): spec.selector: selector.matchLabels must be among template.metadata.labels",
    ],
    [
      DEPLOYMENT.replace("replicas: 3", 'replicas: "3"'),
      'app.yaml:6: Deployment web (document 1): spec.replicas: must be a whole number, not text (found "3")',
    ],
    [
      DEPLOYMENT.replace("image: nginx", "image: nginx\n          env: [{ name: PORT, value: 80 }]"),
      'app.yaml:16: Deployment web (document 1): spec.template.spec.containers[0].env[0].value: must be text, not a whole number; write it in quotes, "80" (found 80)',
    ],
    [
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: b }\nspec: { minAvailable: 1, maxUnavailable: 1 }",
      "app.yaml:4: PodDisruptionBudget b (document 1): spec: minAvailable and maxUnavailable cannot be set together",
    ],
    [
      "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringdata: { a: b }",
      "app.yaml:4: Secret s (document 1): stringdata: unknown field; did you mean stringData?",
    ],
    [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: s, lables: {} }",
      "app.yaml:3: ConfigMap s (document 1): metadata.lables: unknown field; did you mean labels?",
    ],
    [
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: S }",
      "app.yaml:3: ServiceAccount S (document 1): metadata.name: must be lower-case letters, digits, '-' and '.', starting and ending with a letter or digit (found \"S\")",
    ],
  ])("%#", (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it("takes fractions as quantities, which custom resources do not", () => {
    expect(problems(DEPLOYMENT.replace("cpu: 500m", "cpu: 0.5"))).toEqual([]);
  });

  it.each(["PodSpec", "Container"] as const)("knows every field of %s", (type) => {
    const pod = BUILTIN_KINDS.find(({ resource }) => resource.kind === "Pod")?.schema.properties?.["spec"];
    const properties = type === "PodSpec" ? pod?.properties : pod?.properties?.["containers"]?.items?.properties;
    expect(FIELDS[type].split(/\s+/).filter((field) => properties?.[field] === undefined)).toEqual([]);
  });

  it("does not look into kinds it only passes on", () => {
    expect(problems("apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { anything: [1] }")).toEqual([]);
  });
});

/** Of Kubernetes v1.36. */
const FIELDS = {
  PodSpec: `volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds
    dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC
    shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases
    priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead
    topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources hostnameOverride schedulingGroup`,
  Container: `name image command args workingDir ports envFrom env resources resizePolicy restartPolicy restartPolicyRules
    volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy
    imagePullPolicy securityContext stdin stdinOnce tty`,
};
