// The clouds whose clients are run. A new one adds a folder with its suite and a line here.

import { cloudStackClients } from "./cloudstack/suite.ts";
import { ovhClients } from "./ovh/suite.ts";
import { scalewayClients } from "./scaleway/suite.ts";
import type { ClientSuite } from "./suite.ts";

export const SUITES: readonly ClientSuite[] = [ovhClients, scalewayClients, cloudStackClients];
