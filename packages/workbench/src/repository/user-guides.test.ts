// What people copy from the guides works: Helm renders with their flags, the API server takes their YAML, paths and codes exist.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CUSTOM_RESOURCES } from "@karpenter-multicloud/core/api";
import { formatProblem, loadManifests } from "@karpenter-multicloud/core/kube";
import { CLOUDSTACK_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-cloudstack";
import { OVH_CUSTOM_RESOURCES, OvhCondition } from "@karpenter-multicloud/provider-ovh";
import { SCALEWAY_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-scaleway";
import { SEED_FLAVORS } from "@karpenter-multicloud/provider-ovh/testing";
import { describe, expect, it } from "vitest";
import { prepareHelm, renderChart } from "../chart/helm.ts";
import { withPlaceholdersFilled } from "../earlier-documents/manifests.ts";
import { ROOT } from "./import-graph.ts";

const GUIDES = [
  "docs/guides/coming-from.md",
  "docs/guides/install-cloudstack.md",
  "docs/guides/install-ovh.md",
  "docs/guides/install-scaleway.md",
  "docs/fr/install-ovh.md",
  "docs/TROUBLESHOOTING.md",
  "docs/SECURITY.md",
  "examples/ovh/README.md",
] as const;
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/"?(YOUR_PROJECT_ID|VOTRE_PROJECT_ID|\$\{OVH_SERVICE_NAME\})"?/g, "0123456789abcdef0123456789abcdef"],
  [/"?(YOUR_CLUSTER_ID|VOTRE_CLUSTER_ID|\$\{OVH_KUBE_ID\})"?/g, "11111111-2222-4333-8444-555555555555"],
  [/"?\$\{OVH_REGION\}"?/g, "EU-WEST-PAR"],
];
const RESOURCES = [
  ...CUSTOM_RESOURCES,
  ...OVH_CUSTOM_RESOURCES,
  ...SCALEWAY_CUSTOM_RESOURCES,
  ...CLOUDSTACK_CUSTOM_RESOURCES,
];
/** Stands for a file of whoever reads the guide. */
const READERS_OWN = "my-nodepool.yaml";
const helmIsThere = await prepareHelm("the commands of the guides");

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const blocks = (text: string, language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "gm"))].map(([, block = ""]) => block);
const commandsIn = (text: string): readonly string[] =>
  blocks(text, "bash").flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"));

/** The values that an older release had, which an upgrade keeps. */
const KEPT_ON_OVH = ["ovh.serviceName=0123456789abcdef0123456789abcdef"];
const KEPT_ON_SCALEWAY = ["provider=scaleway", "clusterName=my-cluster"];
const KEPT_ON_CLOUDSTACK = ["cloudstack.apiUrl=https://your-cloudstack-api.com", "clusterName=my-cluster"];

function setOf(command: string): readonly string[] {
  const filled = PLACEHOLDERS.reduce((text, [pattern, value]) => text.replaceAll(pattern, value), command);
  const set = [...filled.matchAll(/--set (\S+)/g)].map(([, value = ""]) => value.replaceAll('"', ""));
  if (!command.includes("--reuse-values")) return set;
  if (set.some((value) => value.startsWith("cloudstack."))) return [...KEPT_ON_CLOUDSTACK, ...set];
  return [...(set.some((value) => /^(scaleway|gpu)\./.test(value)) ? KEPT_ON_SCALEWAY : KEPT_ON_OVH), ...set];
}

describe.each(GUIDES)("%s", (path) => {
  const text = read(path);
  const charts = commandsIn(text).filter((line) => /^helm (install|upgrade)/.test(line));

  it.runIf(helmIsThere && charts.length > 0)("its Helm commands render", async () => {
    for (const command of charts) {
      const [, , release = "", chart = ""] = command.split(" ");
      const folder = join(ROOT, path.startsWith("examples") ? dirname(path) : "", chart);
      expect([command, existsSync(join(folder, "Chart.yaml"))]).toEqual([command, true]);
      const rendered = await renderChart({ release, chart: folder, set: setOf(command) });
      expect(rendered.length).toBeGreaterThan(0);
    }
  });

  it("its YAML has no mistake", () => {
    const sources = blocks(text, "yaml").map((block, index) => ({
      name: `${path} ${index + 1}`,
      text: withPlaceholdersFilled(block),
    }));
    const { problems } = loadManifests(sources, RESOURCES);
    expect(problems.map(formatProblem)).toEqual([]);
  });

  it("what it links to and applies exists", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = ""]) => link);
    const missing = links.filter((link) => !existsSync(join(ROOT, dirname(path), link)));
    expect(missing).toEqual([]);
    const here = path.startsWith("examples") ? dirname(path) : "";
    const files = commandsIn(text).flatMap((line) => [...line.matchAll(/(?:-f|<) ([\w./-]+\.yaml)/g)]);
    const named = files.map(([, file = ""]) => file).filter((file) => file !== READERS_OWN);
    expect(named.filter((file) => !existsSync(join(ROOT, here, file)))).toEqual([]);
  });

  it("S-29, trap 3: says which nodepools are meant, as MKS has a kind of that name", () => {
    expect(commandsIn(text).filter((line) => /^kubectl .*\s(?:nodepools?)(?!\S)/.test(line))).toEqual([]);
  });
});

/** Every text in quotes in the sources that are no tests. */
function textsInSources(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of ["core", "provider-ovh"]) {
    const folder = join(ROOT, "packages", name, "src");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((each) => each.endsWith(".ts") && !/(^|\/)test(ing)?[-/]|\.test\.ts$/.test(each))) {
      for (const [, quoted = ""] of readFileSync(join(folder, file), "utf8").matchAll(/["'`](\w+)["'`]/g))
        found.add(quoted);
    }
  }
  return found;
}

describe("the page of troubles", () => {
  const page = read("docs/TROUBLESHOOTING.md");
  const rows = page.split("\n").filter((line) => line.startsWith("|"));

  it("S-24: names codes that the product really says, and every condition of an OVHNodeClass that can be False", () => {
    const known = textsInSources();
    const codes = rows.flatMap((row) => [...row.matchAll(/`([A-Z][a-z]+[A-Z]\w+)`/g)].map(([, code = ""]) => code));
    expect(codes.length).toBeGreaterThan(40);
    expect(codes.filter((code) => !known.has(code))).toEqual([]);
    const informing = [OvhCondition.PlanSupports];
    expect(
      Object.values(OvhCondition).filter(
        (type) => !informing.some((each) => each === type) && !page.includes(`\`${type}\``),
      ),
    ).toEqual([]);
  });
});

describe("the French guide", () => {
  it("S-26: has each flavor's real numbers", () => {
    const rows = [
      ...read("docs/fr/install-ovh.md").matchAll(/^\| (\w+-\d+) +\| (\d+) +\| (\d+) GiB +\| (\d+) GB +\|/gm),
    ];
    expect(rows.length).toBeGreaterThan(30);
    const flavors = new Map(SEED_FLAVORS.map((flavor) => [flavor.name, flavor]));
    const wrong = rows.filter(([, name = "", vCPUs, ram, disk]) => {
      const flavor = flavors.get(name);
      return flavor?.vCPUs !== Number(vCPUs) || flavor.ramGB !== Number(ram) || flavor.diskGB !== Number(disk);
    });
    expect(wrong.map(([row]) => row)).toEqual([]);
  });
});
