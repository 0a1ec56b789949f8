// What the demo applies: the quick start, with the user's own objects instead of those of the same kind.

import { CUSTOM_RESOURCES, type CustomResource, type KubeObject } from "@karpenter-multicloud/core/api";
import { formatProblem, loadManifests } from "@karpenter-multicloud/core/kube";
import { readdir, readFile } from "node:fs/promises";
import type { DemoCloud, ManifestFile } from "./demo-cloud.ts";

export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

/** @throws ManifestError with one line per mistake, naming file, document, field and fix */
export function chooseObjects(
  cloud: Pick<DemoCloud, "fill" | "quickStart">,
  customResources: readonly CustomResource[],
  own: readonly ManifestFile[],
): readonly KubeObject[] {
  const read = (files: readonly ManifestFile[]): readonly KubeObject[] => {
    const filled = files.map(({ name, text }) => ({ name, text: cloud.fill(text) }));
    const { objects, problems } = loadManifests(filled, [...CUSTOM_RESOURCES, ...customResources]);
    if (problems.length > 0) throw new ManifestError(problems.map(formatProblem).join("\n"));
    return objects.map(({ object }) => object);
  };
  const mine = read(own);
  if (mine.length === 0) return read(cloud.quickStart);
  const role = (object: KubeObject): string => (isWorkload(object) ? "workload" : (object.kind ?? ""));
  const given = new Set(mine.map(role));
  return [...read(cloud.quickStart).filter((object) => !given.has(role(object))), ...mine];
}

/** What the cloud shows after the quick start; nothing when it has no more to show. */
export function showcaseObjects(
  cloud: Pick<DemoCloud, "fill" | "showcase">,
  customResources: readonly CustomResource[],
): readonly KubeObject[] {
  if (cloud.showcase === undefined) return [];
  return chooseObjects({ fill: (text) => cloud.fill(text), quickStart: cloud.showcase.files }, customResources, []);
}

export async function readFiles(paths: readonly string[]): Promise<readonly ManifestFile[]> {
  return await Promise.all(
    paths.map(async (name) => {
      try {
        return { name, text: await readFile(name, "utf8") };
      } catch (error) {
        throw new ManifestError(`${name}: cannot be read (${error instanceof Error ? error.message : String(error)})`, {
          cause: error,
        });
      }
    }),
  );
}

function isWorkload(object: KubeObject): boolean {
  return ["Deployment", "Pod", "ReplicaSet", "StatefulSet", "Job"].includes(object.kind ?? "");
}

/** The YAML files of one folder of the repository's examples, by name. */
export async function readExamples(folder: string): Promise<readonly ManifestFile[]> {
  const url = new URL(`../../../../examples/${folder}/`, import.meta.url);
  const names = (await readdir(url)).filter((name) => name.endsWith(".yaml")).toSorted();
  return await Promise.all(
    names.map(async (name) => ({
      name: `examples/${folder}/${name}`,
      text: await readFile(new URL(name, url), "utf8"),
    })),
  );
}
