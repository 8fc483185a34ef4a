# A part of the lab with the generic REST provider. The service returns `spec`, `labels` and `description` exactly as they were sent, so
# that a plan is empty after every apply.
#   export TF_VAR_nest_url=http://127.0.0.1:8080 TF_VAR_nest_key=nest_…
#   terraform init && terraform apply

terraform {
  required_providers {
    restapi = {
      source  = "Mastercard/restapi"
      version = "~> 1.20"
    }
  }
}

variable "nest_url" {
  type = string
}

variable "nest_key" {
  type      = string
  sensitive = true
}

provider "restapi" {
  uri                  = var.nest_url
  headers              = { Authorization = "Bearer ${var.nest_key}" }
  id_attribute         = "name"
  write_returns_object = true
}

resource "restapi_object" "router" {
  path              = "/v1/routers"
  destroy_path      = "/v1/routers/{id}?wait=60s"
  data              = jsonencode({ name = "tenant1", spec = {} })
  ignore_changes_to = ["metadata", "status"]
}

resource "restapi_object" "network" {
  path         = "/v1/networks"
  destroy_path = "/v1/networks/{id}?wait=60s"
  data = jsonencode({
    name = "dmz"
    spec = {
      subnet  = "172.16.255.128/26"
      gateway = "172.16.255.129"
      router  = restapi_object.router.id
      dhcp    = { leaseTime = 600, dnsServers = ["172.16.255.130"] }
    }
  })
  ignore_changes_to = ["metadata", "status"]
}

resource "restapi_object" "host" {
  path              = "/v1/hosts"
  destroy_path      = "/v1/hosts/{id}?wait=60s"
  data              = jsonencode({ name = "ubuntu2", spec = {} })
  ignore_changes_to = ["metadata", "status"]
}

resource "restapi_object" "vm" {
  path         = "/v1/vms"
  destroy_path = "/v1/vms/{id}?wait=60s"
  data = jsonencode({
    name = "vm5"
    spec = {
      network = restapi_object.network.id
      host    = restapi_object.host.id
      mac     = "02:ac:10:ff:01:32"
      ip      = "172.16.255.132"
    }
  })
  ignore_changes_to = ["metadata", "status"]
}

resource "restapi_object" "container" {
  path         = "/v1/vms/${restapi_object.vm.id}/containers"
  destroy_path = "/v1/vms/${restapi_object.vm.id}/containers/{id}?wait=60s"
  data = jsonencode({
    name        = "c51"
    description = "The web server."
    labels      = { app = "web" }
    spec        = { vlan = 51 }
  })
  ignore_changes_to = ["metadata", "status"]
}
