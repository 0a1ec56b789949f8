// The conditions of one kind's objects as metrics: which there are, since when, and how they change (M-35 to M-40, M-46).

import { conditionsOf, getCondition, type ConditionedObject } from "../../api/index.ts";
import { keyOf, keyText } from "../../kube/index.ts";
import {
  conditionMetricName,
  conditionMetrics,
  longLabelName,
  type ConditionMetricFamily,
  type MetricLabels,
  type Series,
} from "../../telemetry/index.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "metrics" | "clock">;

export interface ConditionMetricsOf {
  readonly group: string;
  readonly kind: string;
  /** Keys of the objects' labels that the metrics carry too. */
  readonly labelKeys: readonly string[];
  /** Also under the older names that all kinds share. @defaultValue false */
  readonly oldNames?: boolean;
}

/** One spelling of the names, and the labels that come with it. */
interface Naming {
  readonly kind: string | undefined;
  more(object: ConditionedObject): MetricLabels;
}

export class ConditionMetrics {
  readonly #deps: Deps;
  readonly #kind: string;
  readonly #namings: readonly Naming[];

  constructor(deps: Deps, { group, kind, labelKeys, oldNames = false }: ConditionMetricsOf) {
    this.#deps = deps;
    this.#kind = kind;
    const named: Naming = {
      kind: kind.toLowerCase(),
      more: ({ metadata }) =>
        Object.fromEntries(labelKeys.map((key) => [longLabelName(key), metadata.labels?.[key] ?? ""])),
    };
    const old: Naming = { kind: undefined, more: () => ({ group, kind }) };
    this.#namings = oldNames ? [named, old] : [named];
    const definitions = [
      ...conditionMetrics(named.kind, labelKeys.map(longLabelName)),
      ...(oldNames ? conditionMetrics(undefined, ["group", "kind"]) : []),
    ];
    for (const definition of definitions) deps.metrics.declare(definition);
  }

  /** Two looks at the same object; without `after` it is gone, without `before` it is new to this process. */
  see(before: ConditionedObject | undefined, after: ConditionedObject | undefined): void {
    const object = after ?? before;
    if (!object) return;
    for (const naming of this.#namings) {
      this.#show(naming, object, after);
      if (!before) continue;
      if (after) this.#countTransitions(naming, before, after);
      else this.#observeEnd(naming, before);
    }
  }

  #show(naming: Naming, object: ConditionedObject, now: ConditionedObject | undefined): void {
    const { name = "", namespace = "" } = object.metadata;
    const own = { namespace, name, ...naming.more(object) };
    const conditions = (now ? conditionsOf(now) : []).map(({ type, status, reason = "", lastTransitionTime = "" }) => ({
      labels: { ...own, type, status, reason },
      since: Date.parse(lastTransitionTime),
    }));
    const count = conditions.map(({ labels }) => ({ labels, value: 1 }));
    this.#hold(naming, "status_condition_count", object, count);
    const ages = conditions.flatMap(({ labels, since }) => this.#age(labels, since));
    this.#hold(naming, "status_condition_current_status_seconds", object, ages);
    const end = this.#age(own, Date.parse(now?.metadata.deletionTimestamp ?? ""));
    this.#hold(naming, "termination_current_time_seconds", object, end);
  }

  /** Asked for at each scrape, so never older than that. */
  #age(labels: MetricLabels, since: number): readonly Series[] {
    const { clock } = this.#deps;
    return Number.isNaN(since) ? [] : [{ labels, value: () => (clock.now() - since) / 1000 }];
  }

  #hold(naming: Naming, family: ConditionMetricFamily, object: ConditionedObject, series: readonly Series[]): void {
    const owner = `${this.#kind}/${keyText(keyOf(object))}`;
    this.#deps.metrics.hold(conditionMetricName(naming.kind, family), owner, series);
  }

  #countTransitions(naming: Naming, before: ConditionedObject, after: ConditionedObject): void {
    const { metrics } = this.#deps;
    const more = naming.more(after);
    for (const { type, status, reason = "", lastTransitionTime = "" } of conditionsOf(after)) {
      const old = getCondition(before, type);
      if ((old?.status ?? "Unknown") === status) continue;
      const total = conditionMetricName(naming.kind, "status_condition_transitions_total");
      metrics.count(total, { ...more, type, status, reason });
      const took = (Date.parse(lastTransitionTime) - Date.parse(old?.lastTransitionTime ?? "")) / 1000;
      if (old === undefined || !(took >= 0)) continue;
      const left = conditionMetricName(naming.kind, "status_condition_transition_seconds");
      metrics.observe(left, { ...more, type, status: old.status }, took);
    }
  }

  #observeEnd(naming: Naming, object: ConditionedObject): void {
    const { clock, metrics } = this.#deps;
    const took = (clock.now() - Date.parse(object.metadata.deletionTimestamp ?? "")) / 1000;
    if (!(took >= 0)) return;
    metrics.observe(conditionMetricName(naming.kind, "termination_duration_seconds"), naming.more(object), took);
  }
}
