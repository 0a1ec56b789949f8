import type { Route } from "../router.ts";
import { ACCOUNT_ROUTES } from "./account.ts";
import { ADMIN_ROUTES } from "./fake-admin.ts";
import { GROUP_ROUTES } from "./groups.ts";
import { IMAGE_ROUTES } from "./images.ts";
import { IP_ROUTES } from "./ips.ts";
import { KAPSULE_ROUTES } from "./kapsule.ts";
import { NETWORK_ROUTES } from "./networks.ts";
import { PRODUCT_ROUTES } from "./products.ts";
import { SERVER_ROUTES } from "./servers.ts";
import { USER_DATA_ROUTES } from "./user-data.ts";
import { VOLUME_ROUTES } from "./volumes.ts";

export const ROUTES: readonly Route[] = [
  ...PRODUCT_ROUTES,
  ...SERVER_ROUTES,
  ...USER_DATA_ROUTES,
  ...VOLUME_ROUTES,
  ...IP_ROUTES,
  ...IMAGE_ROUTES,
  ...GROUP_ROUTES,
  ...NETWORK_ROUTES,
  ...ACCOUNT_ROUTES,
  ...KAPSULE_ROUTES,
  ...ADMIN_ROUTES,
];
