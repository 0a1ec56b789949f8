// Which fields recorded answers of the real API have, thing by thing: the fake must have exactly these.

export const RECORDED_FIELDS = {
  server:
    "allowed_actions arch boot_type bootscript commercial_type creation_date dns dynamic_ip_required enable_ipv6 end_of_service extra_networks filesystems hostname id image ipv6 location mac_address maintenances modification_date name organization placement_group private_ip private_nics project protected public_ip public_ips routed_ip_enabled security_group state state_detail tags volumes zone",
  serverImage:
    "arch creation_date default_bootscript extra_volumes from_server id modification_date name organization project public root_volume state tags zone",
  sbsDisk: "boot id state volume_type zone",
  localDisk:
    "boot creation_date export_uri id modification_date name organization project server size state tags volume_type zone",
  task: "description href_from href_result id progress started_at status terminated_at zone",
  publicIp: "address dynamic family gateway id ipam_id netmask provisioning_mode state tags",
  blockVolume:
    "created_at id kms_key_id last_detached_at name parent_snapshot_id project_id references size specs status tags type updated_at zone",
  blockReference: "created_at id product_resource_id product_resource_type status type",
  localImage: "arch compatible_commercial_types id label type zone",
  scratch:
    "creation_date export_uri id modification_date name organization project server size state tags volume_type zone",
  ip: "address id ipam_id organization prefix project reverse server state tags type zone",
  nic: "creation_date id ipam_ip_ids mac_address modification_date private_network_id server_id state tags zone",
  nicV2:
    "created_at id ip_ids mac_address private_network_id project_id security_group_id server_id status tags updated_at",
  ipam: "address created_at id is_ipv6 project_id region resource reverses source tags updated_at zone",
  securityGroup:
    "creation_date description enable_default_security id inbound_default_policy modification_date name organization organization_default outbound_default_policy project project_default servers state stateful tags zone",
  placementGroupV2: "created_at id name policy_type project_id tags updated_at zone",
  kapsuleNode:
    "cluster_id conditions created_at error_message id name pool_id provider_id public_ip_v4 public_ip_v6 region status updated_at",
  kapsulePool:
    "autohealing autoscaling cluster_id container_runtime created_at id kubelet_args labels max_size min_size name node_type placement_group_id public_ip_disabled region root_volume_size root_volume_type security_group_id size startup_taints status tags taints updated_at upgrade_policy version zone",
} as const;
