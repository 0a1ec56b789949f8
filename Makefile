# The targets that the older CloudStack product documents; everything is done by pnpm.

PNPM ?= npx -y pnpm@10

.PHONY: build test test-integration

build:
	$(PNPM) build

test:
	$(PNPM) test

# Against the fake of the CloudStack API, or against a real one when CLOUDSTACK_API_URL and its keys are set.
test-integration:
	$(PNPM) test:integration
