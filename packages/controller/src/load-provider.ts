// The chosen cloud by name. Only its package is loaded; the others cost nothing.

import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import { SettingsError } from "@karpenter-multicloud/core/options";
import { ContainerModule } from "inversify";

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

/** For a provider that is not among those, built into a process of its author's. */
export function moduleFor(factory: ProviderFactory): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind<ProviderFactory>(ProviderFactory).toConstantValue(factory);
  });
}
