// learned.store: keeps what was learned of machines in one ConfigMap, so that the next process knows it too.

import { ConfigMaps, type ConfigMap } from "../../api/index.ts";
import { isAlreadyExists, isConflict, isNotFound, KubeError, type ObjectKey } from "../../kube/index.ts";
import { readRecords, writeRecords, type LearnedMachines } from "../../provider/index.ts";
import type { Controller } from "../../runtime/index.ts";
import { hours, minutes } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "kube" | "gate" | "logger">;

const ENTRY = "machines.json";
const WRITE_EVERY = minutes(5);
/** Until somebody may have given the right. */
const FORBIDDEN_FOR = hours(1);

export function learnedStoreController(deps: Deps, learned: LearnedMachines, place: ObjectKey): Controller {
  /** Undefined until it was read, and again when somebody else has written it. */
  let stored: { readonly map: ConfigMap | undefined } | undefined;

  const write = async (map: ConfigMap | undefined, signal: AbortSignal): Promise<ConfigMap | undefined> => {
    const records = learned.records();
    const text = writeRecords(records);
    const isNews = map ? map.data?.[ENTRY] !== text : records.length > 0;
    if (!isNews || deps.gate.observeOnly) return map;
    const data = { ...map?.data, [ENTRY]: text };
    if (map) return await deps.kube.update(ConfigMaps, { ...map, data }, { signal });
    return await deps.kube.create(ConfigMaps, { metadata: { ...place }, data }, { signal });
  };

  return {
    name: "learned.store",
    triggers: [],
    initialKeys: ["store"],
    async reconcile(_, { signal }) {
      try {
        stored ??= { map: await recalled(deps, learned, place, signal) };
        stored = { map: await write(stored.map, signal) };
      } catch (error) {
        if (KubeError.is(error) && error.code === 403) {
          deps.logger.warn("what is learned of machines cannot be kept: the right to its ConfigMap is missing", {
            error,
          });
          return { requeueAfter: FORBIDDEN_FOR };
        }
        // Somebody else wrote or removed it: what both know is put together and written again.
        if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) stored = undefined;
        throw error;
      }
      return { requeueAfter: WRITE_EVERY };
    },
  };
}

/** The ConfigMap, whose content `learned` knows from now on. */
async function recalled(
  deps: Deps,
  learned: LearnedMachines,
  place: ObjectKey,
  signal: AbortSignal,
): Promise<ConfigMap | undefined> {
  const map = await find(deps, place, signal);
  const text = map?.data?.[ENTRY];
  if (text === undefined) return map;
  try {
    learned.recall(readRecords(text));
  } catch (error) {
    deps.logger.warn("what was learned of machines before cannot be read, and is learned anew", { error });
  }
  return map;
}

async function find({ kube }: Deps, place: ObjectKey, signal: AbortSignal): Promise<ConfigMap | undefined> {
  try {
    return await kube.get(ConfigMaps, place, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
