// All promises of the contract, in the order in which they are shown.

import type { Check } from "../check.ts";
import { CREATING } from "./creating.ts";
import { DRIFT } from "./drift.ts";
import { ERRORS } from "./errors.ts";
import { LISTING } from "./listing.ts";
import { NODES } from "./nodes.ts";
import { OFFERING } from "./offering.ts";
import { REMOVING } from "./removing.ts";

export const CHECKS: readonly Check[] = [
  ...CREATING,
  ...REMOVING,
  ...LISTING,
  ...OFFERING,
  ...NODES,
  ...ERRORS,
  ...DRIFT,
];
