// How a bought machine joins the cluster, for every cloud that gives bare machines.
//
// A provider does this, in this order:
//
//   const tokens = new BootstrapTokens({ kube, clock, random: systemRandom, labelDomain: "karpenter.scaleway.com" });
//   bootstrapTokenController({ tokens, cache, clock, logger })           one of the provider's controllers: collects what has served
//
//   const cluster = await new KnownClusterFacts({ kube }, clock).of({ endpoint: class.bootstrap.apiServerEndpoint || env.CLUSTER_ENDPOINT }, signal);
//   const token = await tokens.ensure(claim, parseDuration("30m"), signal);           the same one again after a crash
//   const kubelet = resolveKubelet(class.kubelet ?? {}, cores);                       what the catalogue subtracts as overhead
//   const text = renderUserData({ mode: "kubeadm", cluster, node, material: { token }, kubelet, settings, userData });
//   const { body } = packUserData(text, { maxBytes: 102_400, encoding: "text", compress: false });
//   await tokens.remove(claim.metadata.uid, signal);                                  also when the machine is deleted
//
// The machine's name for `node.providerID`: { known: "scaleway://instance/…" }, or { prefix: "external-cloudstack://", lookups: [shell commands] }
// when the machine must find its UUID itself. `material` is { token }, { secret: values of tokenSecretRef } or { none: true }.
// Mistakes of the user are BootstrapErrors; their `reason` is a condition's reason. Before a launch, render once with SAMPLE_TOKEN
// to find them early. User data is never shown, not in part either: no log, event, error or condition has it, for the token stands in it.
// `missingJoinBindings` names what would keep certificates from being signed: a warning of the class.
// A fake cloud boots its machines with core/testing/cloud-init: bootMachine(userData, surroundings).

export * from "./bootstrap-error.ts";
export * from "./bootstrap-tokens.ts";
export * from "./ca-hash.ts";
export * from "./cluster-facts.ts";
export * from "./known-cluster-facts.ts";
export * from "./join-plan.ts";
export * from "./join-rights.ts";
export * from "./join-secret.ts";
export * from "./kubelet-labels.ts";
export * from "./kubelet-overhead.ts";
export * from "./kubelet-schema.ts";
export * from "./kubelet-settings.ts";
export { readKubeconfig, type KubeconfigCluster } from "./kubeconfig.ts";
export { newestVersion, parseVersion, type KubernetesVersion } from "./kubernetes-version.ts";
export { partType, type PartType, type UserDataPart } from "./mime.ts";
export { joinConfiguration, PATCHES_FOLDER } from "./modes/kubeadm.ts";
export * from "./pack-user-data.ts";
export { servingCertificateController, type ServingControllerParts } from "./serving/serving-controller.ts";
export { shellQuote } from "./shell.ts";
export * from "./token.ts";
export * from "./token-controller.ts";
export * from "./token-secret.ts";
export { fillTemplate } from "./template.ts";
export { renderUserData } from "./user-data.ts";
