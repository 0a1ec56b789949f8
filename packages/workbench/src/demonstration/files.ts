// The files of the OVHcloud demonstration (examples/ovh), their variables filled in as `envsubst` does.

import { CUSTOM_RESOURCES, type KubeObject } from "@karpenter-multicloud/core/api";
import { formatProblem, loadManifests } from "@karpenter-multicloud/core/kube";
import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import type { FakeOvhCredentials } from "@karpenter-multicloud/provider-ovh/testing";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../repository/import-graph.ts";

export const DEMONSTRATION: string = join(ROOT, "examples", "ovh");

/** What the demonstration asks people to export. */
export function variablesFor(credentials: FakeOvhCredentials): Readonly<Record<string, string>> {
  return {
    OVH_APPLICATION_KEY: credentials.applicationKey,
    OVH_APPLICATION_SECRET: credentials.applicationSecret,
    OVH_CONSUMER_KEY: credentials.consumerKey,
    OVH_SERVICE_NAME: credentials.serviceName,
    OVH_KUBE_ID: credentials.kubeId,
    OVH_REGION: credentials.region,
  };
}

/** As `envsubst < file`. @throws Error naming a variable that nobody sets */
async function filledFile(name: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(join(DEMONSTRATION, name), "utf8");
  return text.replaceAll(/\$\{(\w+)\}/g, (_, variable: string) => {
    const value = variables[variable];
    if (value === undefined) throw new Error(`${name}: nothing sets ${variable}`);
    return value;
  });
}

/** @throws Error with every mistake of the file */
export async function objectsOf(
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<readonly KubeObject[]> {
  const text = await filledFile(name, variables);
  const { objects, problems } = loadManifests([{ name, text }], [...CUSTOM_RESOURCES, ...OVH_CUSTOM_RESOURCES]);
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join("\n"));
  return objects.map(({ object }) => object);
}
