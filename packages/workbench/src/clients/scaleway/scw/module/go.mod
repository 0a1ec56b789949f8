module karpenter-multicloud/clients/scw

go 1.26.0

require github.com/scaleway/scaleway-cli/v2 v2.40.0

// The commit of the library that scw 2.40.0 names is not in the module proxy; this is its next release.
require github.com/scaleway/scaleway-sdk-go v1.0.0-beta.34
