// Images: the marketplace's local images by label, and a project's list (§1.7).

import { invalid, notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import type { FakeImage } from "../seed/images.ts";
import { inZone } from "../world/ground.ts";
import { imageView } from "../world/views.ts";
import { asked, ground, instanceList, param, plainList, zoneOf } from "./call-context.ts";

const IMAGES = "/instance/v1/zones/{zone}/images";
const LOCAL_IMAGES = "/marketplace/v2/local-images";

export const IMAGE_ROUTES: readonly Route[] = routesOf("instance", [
  ["listImages", "GET", IMAGES, list],
  ["getImage", "GET", `${IMAGES}/{image_id}`, (call) => ({ image: imageView(ground(call), imageIn(call)) })],
  ["listLocalImages", "GET", LOCAL_IMAGES, listLocal],
  ["getLocalImage", "GET", `${LOCAL_IMAGES}/{image_id}`, getLocal],
]);

function imageIn(call: Call): FakeImage {
  const images = new Map(ground(call).images.map((image) => [image.id, image]));
  return inZone(images, zoneOf(call), param(call, "image_id"), "instance_image");
}

function list(call: Call): unknown {
  const zone = zoneOf(call);
  const ofProject = call.query.get("project") ?? call.query.get("organization");
  const images = ground(call).images.filter(
    (image) =>
      image.zone === zone &&
      image.name.includes(call.query.get("name") ?? "") &&
      asked(call, "arch", image.arch) &&
      asked(call, "public", String(image.public)) &&
      (ofProject === null || !image.public),
  );
  return instanceList(
    call,
    "images",
    images.map((image) => imageView(ground(call), image)),
  );
}

function listLocal(call: Call): unknown {
  const label = call.query.get("image_label");
  const id = call.query.get("image_id") ?? call.query.get("version_id");
  if ((label === null) === (id === null)) throw invalid("image_label", "exactly one selector is expected", "required");
  const marketplace = ground(call).images.filter((image) => image.public);
  if (label !== null && !marketplace.some((image) => image.label === label)) {
    throw notFound("MarketplaceImage", label);
  }
  const found = marketplace.filter(
    (image) =>
      (label === null ? image.id === id : image.label === label) &&
      asked(call, "zone", image.zone) &&
      asked(call, "type", image.type) &&
      asked(call, "arch", image.arch),
  );
  return plainList(
    call,
    "local_images",
    found.toSorted((a, b) => (a.arch < b.arch ? -1 : a.arch > b.arch ? 1 : 0)).map(localView),
  );
}

function getLocal(call: Call): unknown {
  const id = param(call, "image_id");
  const image = ground(call).images.find((each) => each.id === id && each.public);
  if (image === undefined) throw notFound("LocalImage", id);
  return localView(image);
}

function localView({ id, arch, zone, compatibleTypes, label, type }: FakeImage): unknown {
  return { id, arch, zone, compatible_commercial_types: compatibleTypes, label, type };
}
