// The Apache CloudStack provider comes next. Until then choosing it stops the process with a sentence that says so.

import type { BuiltProvider, Environment, Ports, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { SettingsError } from "@karpenter-multicloud/core/options";

export const cloudstackProvider: ProviderFactory = {
  name: "cloudstack",
  customResources: [],
  build(_ports: Ports, _env: Environment): BuiltProvider {
    throw new SettingsError([
      {
        setting: "--provider",
        value: "cloudstack",
        problem: "this cloud is not part of this release yet",
        fix: "choose ovh",
      },
    ]);
  },
};
