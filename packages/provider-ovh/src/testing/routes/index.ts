export { ACCOUNT_ROUTES, TOKEN_ROUTES } from "./account.ts";
export { ADMIN_ROUTES } from "./fake-admin.ts";
export { KUBE_ROUTES } from "./kube.ts";
export { PROJECT_ROUTES } from "./project.ts";
