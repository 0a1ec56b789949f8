//go:build tools

// Package controlplane pins helm, which installs the chart in tests; nothing imports it.
package controlplane

import _ "helm.sh/helm/v3/cmd/helm"
