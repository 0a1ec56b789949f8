// What a machine of an instance type offers where a scenario does not say it.

import type { ResourceList } from "../../../api/index.ts";
import { allocatableOf } from "../../../scheduling/index.ts";
import { toResourceList } from "../../../units/index.ts";
import { instanceTypeOf } from "./instance-type-of.ts";
import type { ScenarioInstanceType } from "../scenario.ts";

export function allocatableList(type: ScenarioInstanceType): ResourceList {
  return toResourceList(allocatableOf(instanceTypeOf(type)));
}

/** An empty list counts as absent. */
export function filled(list: ResourceList | undefined): ResourceList | undefined {
  return list && Object.keys(list).length > 0 ? list : undefined;
}
