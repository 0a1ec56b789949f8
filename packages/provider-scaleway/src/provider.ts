// The Scaleway Instances provider comes next. Until then choosing it stops the process with a sentence that says so.

import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { SettingsError } from "@karpenter-multicloud/core/options";

export const scalewayProvider: ProviderFactory = {
  name: "scaleway",
  customResources: [],
  build(_ports: Ports, _env: Environment): BuiltProvider {
    throw new SettingsError([
      {
        setting: "--provider",
        value: "scaleway",
        problem: "this cloud is not part of this release yet",
        fix: "choose ovh",
      },
    ]);
  },
};
