# The controller's image. Which images it is built with and stands on is the builder's choice:
#   docker build --build-arg NODE_IMAGE=… --build-arg BASE_IMAGE=… -t karpenter-multicloud/controller .
# NODE_IMAGE: any Linux image with Node.js 24 and npx.
# COMMIT: what it is built from, for the label of karpenter_build_info; may be left out.
# BASE_IMAGE: a distroless one with Node.js 24 (of Debian's: nodejs24, tag nonroot) whose entry point is node.
ARG NODE_IMAGE
ARG BASE_IMAGE

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
