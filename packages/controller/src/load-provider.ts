// The chosen cloud by name. Only its package is loaded; the others cost nothing.

import { SettingsError } from "@karpenter-multicloud/core/options";
import type { ContainerModule } from "inversify";

const PROVIDERS: Readonly<Record<string, () => Promise<ContainerModule>>> = {
  ovh: async () => (await import("@karpenter-multicloud/provider-ovh")).ovhModule,
  scaleway: async () => (await import("@karpenter-multicloud/provider-scaleway")).scalewayModule,
  cloudstack: async () => (await import("@karpenter-multicloud/provider-cloudstack")).cloudstackModule,
};

const PROVIDER_NAMES: readonly string[] = Object.keys(PROVIDERS);

/** @throws SettingsError listing the names there are */
export async function loadProvider(name: string | undefined): Promise<ContainerModule> {
  const names = PROVIDER_NAMES.join(", ");
  if (name === undefined) {
    const fix = `set --provider or PROVIDER to one of ${names}`;
    throw new SettingsError([{ setting: "--provider", problem: "no provider is chosen", fix }]);
  }
  const load = PROVIDERS[name];
  if (!load) {
    const fix = `choose one of ${names}`;
    throw new SettingsError([{ setting: "--provider", value: name, problem: "there is no such provider", fix }]);
  }
  return await load();
}
