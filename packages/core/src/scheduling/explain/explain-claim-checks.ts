// Why a claim of a pool could not be settled although types are there: too few different values, or reserved capacity that is taken.

import type { Requirements } from "../../requirements/index.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { typesOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import { cheapestTypes } from "../placement/listing.ts";
import { missingValues } from "../placement/min-values.ts";
import { settled } from "../placement/settle-claim.ts";

/** No node is called that. */
const NEW_HOST = "new/node";

export function keepsMinValues(groups: readonly TypeGroup[], question: PoolQuestion): boolean {
  return refusalOf(groups, question) !== "MinValues";
}

export function findsReservation(groups: readonly TypeGroup[], question: PoolQuestion): boolean {
  return refusalOf(groups, question) !== "ReservationBusy";
}

/** S-508, S-511: among all types, else among as many as may be listed. */
export function minValuesFinding(groups: readonly TypeGroup[], { requirements, pod, world }: PoolQuestion): Finding {
  const claim = { groups, requirements, requests: pod.requests, reservations: [] };
  const all = missingOf(groups, requirements);
  const [first] =
    all.length > 0
      ? all
      : missingValues(
          cheapestTypes(claim, world).map(({ type }) => type),
          requirements,
        );
  const found = first?.found.slice(0, 5).join(", ") || "none";
  const text = `minValues ${first?.needed ?? 0} of ${first?.key ?? ""}: only ${first?.found.length ?? 0} left (${found})`;
  return { reason: "MinValues", short: text, detail: text, ...(first && { key: first.key }) };
}

export function reservationFinding(groups: readonly TypeGroup[], { requirements, world }: PoolQuestion): Finding {
  const ids = world.reservations.idsFor(typesOf(groups), requirements, world.wellKnown);
  const text = `reserved capacity is taken: ${ids.join(", ")}`;
  return { reason: "ReservationBusy", short: text, detail: text };
}

interface Answer {
  readonly groups: readonly TypeGroup[];
  readonly refusal: string | undefined;
}

type Missing = ReturnType<typeof missingValues>;

const missing = new WeakMap<readonly TypeGroup[], WeakMap<Requirements, Missing>>();

function missingOf(groups: readonly TypeGroup[], requirements: Requirements): Missing {
  const known = missing.get(groups) ?? new WeakMap<Requirements, Missing>();
  missing.set(groups, known);
  const answer = known.get(requirements) ?? missingValues(typesOf(groups), requirements);
  known.set(requirements, answer);
  return answer;
}

/** Both checks ask the same. */
const answers = new WeakMap<PoolQuestion, Answer>();

function refusalOf(groups: readonly TypeGroup[], question: PoolQuestion): string | undefined {
  const known = answers.get(question);
  if (known?.groups === groups) return known.refusal;
  const { requirements, pod, world } = question;
  // Whatever the pod requests.
  if (world.minValuesPolicy === "Strict" && missingOf(groups, requirements).length > 0) return "MinValues";
  const state = { groups, requirements, requests: pod.requests };
  const answer = settled({ host: NEW_HOST, isOpening: true, state }, world);
  const refusal = "rejected" in answer ? answer.rejected : undefined;
  answers.set(question, { groups, refusal });
  return refusal;
}
