// The fake with the two who ask it in its own tests: a user of the cloud, and its administrator.

import { FakeClock } from "@karpenter-multicloud/core/testing";

import { startFakeCloudStack } from "./server.ts";
import type { FakeCloudStack } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";

export interface FakeWithCallers {
  readonly clock: FakeClock;
  readonly fake: FakeCloudStack;
  readonly user: TinyClient;
  readonly admin: TinyClient;
}

export async function startWithCallers(): Promise<FakeWithCallers> {
  const clock = new FakeClock();
  const fake = await startFakeCloudStack({ clock });
  return { clock, fake, user: new TinyClient(fake.credentials), admin: TinyClient.admin(fake.credentials) };
}
