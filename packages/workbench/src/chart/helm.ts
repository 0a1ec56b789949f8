// Renders the charts with a real helm, as users do.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KubeObject } from "@karpenter-multicloud/core/api";
import { buildControlPlane, findBinary } from "@karpenter-multicloud/testkit/control-plane";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../repository/import-graph.ts";

const run = promisify(execFile);

export const CHART: string = join(ROOT, "charts");
export const CRD_CHART: string = join(ROOT, "charts", "karpenter-crd");

export type Manifest = KubeObject & { readonly apiVersion: string; readonly kind: string };

export interface Installation {
  /** @defaultValue karpenter */
  readonly release?: string;
  /** As after --set. */
  readonly set?: readonly string[];
  /** @defaultValue the chart of the controller */
  readonly chart?: string;
  readonly flags?: readonly string[];
}

export interface HelmFailure {
  readonly stderr: string;
}

/** True when helm is there or could be built; otherwise one line tells what is skipped. */
export async function prepareHelm(suite: string): Promise<boolean> {
  if (findBinary("helm") !== undefined) return true;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (process.env["KMC_REQUIRE_CONTROL_PLANE"] === "1") {
    await buildControlPlane({ only: ["helm"], progress: say });
    return true;
  }
  say(`!!! SKIPPED: ${suite}. helm not found; build it once with \`pnpm controlplane build\`.`);
  return false;
}

/** The objects `helm template` renders. @throws an error with helm's message in `stderr` */
export async function renderChart(installation: Installation = {}): Promise<readonly Manifest[]> {
  const text = await templateText(installation);
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}

async function templateText({
  release = "karpenter",
  set = [],
  chart = CHART,
  flags = [],
}: Installation): Promise<string> {
  const values = set.flatMap((value) => ["--set", value]);
  const args = ["template", release, chart, "--namespace", "karpenter", ...values, ...flags];
  const { stdout } = await run(helmPath(), args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** What helm says when it refuses. */
export async function refusal(installation: Installation): Promise<string> {
  try {
    await templateText(installation);
  } catch (error) {
    return (error as HelmFailure).stderr;
  }
  throw new Error("helm has rendered what it should have refused");
}

export async function lint(chart: string, set: readonly string[]): Promise<string> {
  const { stdout } = await run(helmPath(), ["lint", "--strict", chart, ...set.flatMap((value) => ["--set", value])]);
  return stdout;
}

function helmPath(): string {
  const path = findBinary("helm");
  if (path === undefined) throw new Error("helm is not there");
  return path;
}
