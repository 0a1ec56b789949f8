// Whether the API server serves what the controllers will watch, and to us: asked before this process leads and while it waits to.

import { OPTIONAL_RESOURCES, type Resource } from "@karpenter-multicloud/core/api";
import { isNotFound, KubeError, type KubeReader } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { compareText, seconds } from "@karpenter-multicloud/core/units";

export interface ApiProbeParts {
  readonly client: KubeReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the controllers watch. */
  readonly resources: readonly Resource[];
}

const AGAIN = seconds(30);
const AGAIN_WHILE_BROKEN = seconds(5);
/** The same complaint is not repeated within this time. */
const COMPLAINT_MS = 60_000;

interface Finding {
  readonly resource: Resource;
  readonly problem: "missing" | "refused" | "unreachable";
  readonly error: unknown;
}

export class ApiProbe {
  readonly #parts: ApiProbeParts;
  readonly #wellOnce = Promise.withResolvers<void>();
  #findings: readonly Finding[] | undefined;
  #said = { text: "", at: Number.NEGATIVE_INFINITY };
  /** Optional ones that are not served, and of which that was said. */
  readonly #unserved = new Set<Resource>();

  constructor(parts: ApiProbeParts) {
    this.#parts = parts;
  }

  /** Looks again and again until the abort. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { clock, resources } = this.#parts;
      const found = await Promise.all(resources.map((resource) => this.#look(resource, signal)));
      if (signal.aborted) return;
      this.#findings = found.filter((finding) => finding !== undefined);
      if (this.#findings.length === 0) this.#wellOnce.resolve();
      else this.#complain(this.#findings);
      const pause = this.#findings.length === 0 ? AGAIN : AGAIN_WHILE_BROKEN;
      await clock.sleep(pause, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when everything could be listed for the first time. @throws the signal's reason */
  wellOnce(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      void this.#wellOnce.promise.then(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      });
    });
  }

  /** A health check: the custom resources are served. */
  readonly crds = (): string | undefined => {
    if (this.#findings === undefined) return "the api server has not answered yet";
    const missing = missingOf(this.#findings);
    return missing.length === 0 ? undefined : `missing: ${missing.join(", ")}`;
  };

  /** A health check: everything else can be listed. */
  readonly access = (): string | undefined => {
    if (this.#findings === undefined) return "the api server has not answered yet";
    const others = this.#findings.filter(({ problem }) => problem !== "missing");
    return others.length === 0 ? undefined : others.map((finding) => textOf(finding)).join("; ");
  };

  async #look(resource: Resource, signal: AbortSignal): Promise<Finding | undefined> {
    try {
      await this.#parts.client.list(resource, { limit: 1, signal });
      return undefined;
    } catch (error) {
      if (isNotFound(error) && isOptional(resource)) return this.#tellUnserved(resource);
      if (isNotFound(error)) return { resource, problem: "missing", error };
      const isRefusal = KubeError.is(error) && (error.code === 403 || error.code === 401);
      return { resource, problem: isRefusal ? "refused" : "unreachable", error };
    }
  }

  /** RT-13: nobody waits for it, but whoever has switched the feature on wonders why nothing happens. */
  #tellUnserved(resource: Resource): undefined {
    if (this.#unserved.has(resource)) return;
    this.#unserved.add(resource);
    const definition = nameOf(resource);
    const install = installing([definition]);
    this.#parts.logger.warn(`there are no ${resource.kind} objects until their definition is installed`, {
      definition,
      install,
    });
  }

  #complain(findings: readonly Finding[]): void {
    const { clock, logger } = this.#parts;
    const text = findings.map(textOf).join();
    if (text === this.#said.text && clock.now() - this.#said.at < COMPLAINT_MS) return;
    this.#said = { text, at: clock.now() };
    const missing = missingOf(findings);
    if (missing.length > 0) {
      const install = installing(missing);
      logger.error("custom resource definitions are missing, waiting for them", { missing, install });
    }
    const [other] = findings.filter(({ problem }) => problem !== "missing");
    if (other === undefined) return;
    const resources = findings
      .filter(({ problem }) => problem === other.problem)
      .map(({ resource }) => resource.plural);
    const what = other.problem === "refused" ? "may not list these resources" : "the api server cannot be asked";
    logger.error(`${what}, trying again`, { resources, error: other.error });
  }
}

/** RT-13. */
function isOptional({ group, plural }: Resource): boolean {
  return OPTIONAL_RESOURCES.some((each) => each.group === group && each.plural === plural);
}

/** Names of CustomResourceDefinitions. */
function missingOf(findings: readonly Finding[]): readonly string[] {
  const missing = findings.filter(({ problem }) => problem === "missing");
  return missing.map(({ resource }) => nameOf(resource)).sort(compareText);
}

function nameOf({ group, plural }: Resource): string {
  return `${plural}.${group}`;
}

function installing(definitions: readonly string[]): string {
  return `kubectl apply --server-side ${definitions.map((name) => `-f charts/crds/${name}.yaml`).join(" ")}`;
}

function textOf({ resource, problem }: Finding): string {
  return `${resource.plural} ${problem}`;
}
