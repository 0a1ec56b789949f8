# The controller's image:
#   docker build -t your-registry/karpenter-multicloud:latest .
# What it is built with and stands on may be chosen:
# NODE_IMAGE: any Linux image with Node.js 24 and npx.
# BASE_IMAGE: one with Node.js 24 whose entry point runs node. Smaller and without a shell: a distroless one (of Debian's: nodejs24, tag nonroot).
# COMMIT: what it is built from, for the label of karpenter_build_info; may be left out.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY . .
ENV CI=true
RUN npx -y pnpm@10 install --frozen-lockfile && npx -y pnpm@10 build && npx -y pnpm@10 image:tree /image

FROM ${BASE_IMAGE}
# What is in the folder stands in packages/controller/image-manifest.json. It belongs to root and is never written to.
COPY --from=build --chown=0:0 /image /app
WORKDIR /app
ARG COMMIT=""
ENV NODE_ENV=production KMC_COMMIT=${COMMIT}
USER 65532:65532
EXPOSE 8080 8081
CMD ["dist/main.js"]
