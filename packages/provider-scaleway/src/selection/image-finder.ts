// Which images the terms of a class mean in a zone (W-28, W-29); asked again after ten minutes, for ids change with every build.

import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { ImageTerm, ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import { diskKind } from "./root-volume.ts";
import { isNotFound } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { ImageCandidate, ResolvedTerm } from "./resolved-class.ts";

/** In this order; a label that a zone does not have is passed over. */
const DEFAULT_TERMS: readonly ImageTerm[] = [
  { label: "ubuntu_noble", gpu: false },
  { label: "ubuntu_noble_gpu_os_13_nvidia", gpu: true },
  { label: "ubuntu_noble_gpu_os_12", gpu: true },
  { label: "ubuntu_jammy_gpu_os_12", gpu: true },
];

interface Kept {
  readonly candidates: readonly ImageCandidate[];
  readonly until: number;
}

const KEEP_MS = 10 * 60_000;

export class ImageFinder {
  readonly #client: ScalewayClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(client: ScalewayClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  async terms(
    spec: ScalewayNodeClassSpec,
    place: { readonly zone: string; readonly projectId: string },
    signal: AbortSignal,
  ): Promise<readonly ResolvedTerm[]> {
    const terms = spec.imageSelectorTerms?.length ? spec.imageSelectorTerms : DEFAULT_TERMS;
    return Promise.all(
      terms.map(async (term) => ({
        byId: term.id !== undefined,
        ...(term.label === undefined ? {} : { label: term.label }),
        ...(term.gpu === undefined ? {} : { gpu: term.gpu }),
        candidates: await this.#candidates(term, diskKind(spec), place, signal),
      })),
    );
  }

  /** An image turned out not to exist any more (T-44). */
  forget(): void {
    this.#kept.clear();
  }

  async #candidates(
    term: ImageTerm,
    kind: "instance_sbs" | "instance_local",
    { zone, projectId }: { readonly zone: string; readonly projectId: string },
    signal: AbortSignal,
  ): Promise<readonly ImageCandidate[]> {
    const key = JSON.stringify([zone, projectId, kind, term.label, term.id, term.name]);
    const known = this.#kept.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.candidates;
    const candidates = await this.#look(term, kind, { zone, projectId }, signal);
    this.#kept.set(key, { candidates, until: this.#clock.now() + KEEP_MS });
    return candidates;
  }

  async #look(
    term: ImageTerm,
    kind: "instance_sbs" | "instance_local",
    { zone, projectId }: { readonly zone: string; readonly projectId: string },
    signal: AbortSignal,
  ): Promise<readonly ImageCandidate[]> {
    try {
      if (term.label !== undefined) return await this.#client.localImages(zone, term.label, kind, signal);
      if (term.id !== undefined) {
        const { id, arch } = await this.#client.image(zone, term.id, signal);
        return [{ id, arch, type: kind, compatibleTypes: undefined }];
      }
      const images = await this.#client.images(zone, term.name ?? "", projectId, signal);
      return images
        .filter(({ name }) => name === term.name)
        .toSorted((a, b) => b.createdAt - a.createdAt)
        .map(({ id, arch }) => ({ id, arch, type: kind, compatibleTypes: undefined }));
    } catch (error) {
      // An unknown label answers 404, and so does an image of another zone.
      if (isNotFound(error)) return [];
      throw error;
    }
  }
}
