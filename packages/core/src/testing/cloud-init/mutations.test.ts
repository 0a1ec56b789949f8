// Each line changes one thing that the user data says, or that it rests on; each keeps the machine from joining.

import { describe, expect, it } from "vitest";
import { renderUserData, type JoinPlan } from "../../bootstrap/index.ts";
import {
  aJoinPlan,
  bootMachine,
  joiningSurroundings,
  OTHER_CA,
  TEST_CLUSTER,
  TEST_NOW,
  TEST_TOKEN,
  type SurroundingsOptions,
} from "./index.ts";

const plan = aJoinPlan();

const PLANS: readonly (readonly [what: string, over: Partial<JoinPlan>, reason: string])[] = [
  ["another endpoint", { cluster: { ...TEST_CLUSTER, endpoint: "203.0.113.11:6443" } }, "no API server answers"],
  ["another port", { cluster: { ...TEST_CLUSTER, endpoint: "203.0.113.10:443" } }, "no API server answers"],
  ["another CA hash", { cluster: { ...TEST_CLUSTER, caHashes: [`sha256:${"0".repeat(64)}`] } }, "of another cluster"],
  ["no CA hash", { cluster: { ...TEST_CLUSTER, caHashes: [] } }, "no CA hash"],
  ["another token id", { material: { token: { ...TEST_TOKEN, id: "abc124" } } }, "no Secret bootstrap-token-abc124"],
  ["another token secret", { material: { token: { ...TEST_TOKEN, secret: "0123456789abcdeg" } } }, "secret is wrong"],
  ["a broken token", { material: { token: { ...TEST_TOKEN, secret: "short" } } }, "not the form"],
  [
    "another machine's provider id",
    { node: { ...plan.node, providerID: { known: "scaleway://instance/fr-par-2/0" } } },
    "is not this machine",
  ],
  [
    "a provider id of the wrong zone",
    {
      node: {
        ...plan.node,
        providerID: { known: "scaleway://instance/fr-par-1/6f9619ff-8b86-4011-b42d-00c04fc964ff" },
      },
    },
    "is not this machine",
  ],
  ["another node name", { node: { ...plan.node, nodeName: "general-00000" } }, "is not the name of this machine"],
  ["an interface that is not there", { node: { ...plan.node, nodeIPInterface: "ens7" } }, "no address of this machine"],
  [
    "an unknown kubelet argument",
    { kubelet: { ...plan.kubelet, extraArgs: { "no-such-thing": "1" } } },
    "does not know --no-such-thing",
  ],
  ["a broken reservation", { kubelet: { ...plan.kubelet, kubeReserved: { cpu: "much" } } }, "is no quantity"],
  [
    "a reservation of a resource that cannot be reserved",
    { kubelet: { ...plan.kubelet, systemReserved: { "nvidia.com/gpu": "1" } } },
    "cannot hold nvidia.com/gpu",
  ],
  [
    "more reserved than there is",
    { kubelet: { ...plan.kubelet, kubeReserved: { memory: "9Gi" } } },
    "more memory is reserved",
  ],
  ["no room for any pod", { kubelet: { ...plan.kubelet, maxPods: 0 } }, "no number of pods"],
  [
    "a soft eviction without grace",
    { kubelet: { ...plan.kubelet, evictionSoft: { "memory.available": "1Gi" } } },
    "has no grace period",
  ],
  [
    "a kubelet newer than the server",
    { cluster: { ...TEST_CLUSTER, kubernetesVersion: "v1.37.0" } },
    "newer than its API server",
  ],
  [
    "a runtime that is not there",
    { settings: { criSocket: "unix:///var/run/dockershim.sock" } },
    "no container runtime",
  ],
  [
    "a mode that does nothing",
    { mode: "none", userData: "#!/bin/bash\necho hello\n" },
    "nothing in the user data joins",
  ],
];

const SURROUNDINGS: readonly (readonly [what: string, options: SurroundingsOptions, reason: string])[] = [
  ["an expired token", { token: { ...TEST_TOKEN, expiresAt: TEST_NOW } }, "has expired"],
  [
    "a token without the joining group",
    { group: "system:bootstrappers:others" },
    "not in system:bootstrappers:kubeadm",
  ],
  ["a token in a group with other rights", { group: "system:masters" }, "no groups of bootstrappers"],
  ["a server with another authority", { cluster: { caBundle: OTHER_CA } }, "of another cluster"],
  [
    "a server too old for the configuration",
    { cluster: { version: "v1.29.0" } },
    "does not know kubeadm.k8s.io/v1beta4",
  ],
  ["an image with a newer kubelet", { machine: { kubeletVersion: "v1.37.1" } }, "newer than its API server"],
];

const TEXTS: readonly (readonly [what: string, change: readonly [string | RegExp, string], reason: string])[] = [
  ["without the first line", [/^#cloud-config\n/, ""], "unreadable"],
  ["with another first line", [/^#cloud-config\n/, "#cloudconfig\n"], "unreadable"],
  ["with broken YAML", ["write_files:", "write_files: ["], "unreadable"],
  ["without the command", [/runcmd:[\s\S]*$/, ""], "nothing in the user data joins"],
  [
    "with a command that calls another file",
    [/- \/etc\/karpenter\/bootstrap\.sh\n$/, "- /etc/karpenter/other.sh\n"],
    "nothing in the user data joins",
  ],
  [
    "without the file that it joins by",
    ["path: /etc/karpenter/join.yaml", "path: /etc/karpenter/joined.yaml"],
    "no file /etc/karpenter/join.yaml",
  ],
  [
    "without the unregistered taint",
    [/ +- key: karpenter\.sh\/unregistered\n +effect: NoExecute\n/, ""],
    "without the unregistered taint",
  ],
  ["with the taint's effect changed", ["effect: NoExecute", "effect: NoSchedule"], "without the unregistered taint"],
  ["with a label that a kubelet may not set", ["team=ml", "node-role.kubernetes.io/ml="], "may not label itself"],
  ["with a label that is none", ["team=ml", "team=m l"], "is no label"],
  ["without the provider id", [/ +- name: provider-id\n +value: .*\n/, ""], "no provider id"],
  ["with a cloud provider that is not built in", ["value: external", "value: scaleway"], "is not built in"],
  ["with swap left on", ["swapoff -a", "# swapoff -a"], "swap is on"],
  ["without forwarding", ["net.ipv4.ip_forward = 1", "net.ipv4.ip_forward = 0"], "forwarding is off"],
  ["with another kind", ["kind: JoinConfiguration", "kind: InitConfiguration"], "no JoinConfiguration"],
  ["with an effect that is none", ["effect: NoSchedule", "effect: NoWay"], "no effect of a taint"],
];

async function reasonOf(userData: string, options: SurroundingsOptions = {}): Promise<string> {
  const installed = { machine: {}, ...options };
  const result = await bootMachine(userData, await joiningSurroundings(installed));
  return result.joins ? "joins" : result.reason;
}

describe("a machine does not join", () => {
  it.each(PLANS)("when it is told %s", async (_what, over, reason) => {
    expect(await reasonOf(renderUserData(aJoinPlan(over)))).toContain(reason);
  });

  it.each(SURROUNDINGS)("when it meets %s", async (what, options, reason) => {
    const settings = what.startsWith("an image") ? { settings: { install: "preinstalled" as const } } : {};
    expect(await reasonOf(renderUserData(aJoinPlan(settings)), options)).toContain(reason);
  });

  it.each(TEXTS)("%s", async (_what, [from, to], reason) => {
    const text = renderUserData(plan);
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(await reasonOf(changed)).toContain(reason);
  });

  it("joins when nothing is changed", async () => {
    expect(await reasonOf(renderUserData(plan))).toBe("joins");
  });
});
