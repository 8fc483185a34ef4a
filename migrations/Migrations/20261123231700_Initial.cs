using System;
using System.Net;
using System.Net.NetworkInformation;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace OvnNestApi.Migrations.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateSequence(
                name: "change_seq");

            migrationBuilder.CreateSequence(
                name: "dirty_seq");

            migrationBuilder.CreateTable(
                name: "api_keys",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    key_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_used_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_api_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "changes",
                columns: table => new
                {
                    number = table.Column<long>(type: "bigint", nullable: false, defaultValueSql: "nextval('change_seq')"),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false, defaultValueSql: "now()"),
                    by = table.Column<string>(type: "text", nullable: false),
                    request_id = table.Column<string>(type: "text", nullable: true),
                    kind = table.Column<string>(type: "text", nullable: false),
                    vm = table.Column<string>(type: "text", nullable: true),
                    name = table.Column<string>(type: "text", nullable: false),
                    object_id = table.Column<Guid>(type: "uuid", nullable: false),
                    action = table.Column<string>(type: "text", nullable: false),
                    before = table.Column<string>(type: "json", nullable: true),
                    after = table.Column<string>(type: "json", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_changes", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "claimed_names",
                columns: table => new
                {
                    scope = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    owner_id = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_claimed_names", x => new { x.scope, x.name });
                });

            migrationBuilder.CreateTable(
                name: "hosts",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    chassis = table.Column<string>(type: "text", nullable: true),
                    integration_bridge = table.Column<string>(type: "text", nullable: false),
                    work_revision = table.Column<long>(type: "bigint", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: true),
                    labels = table.Column<string>(type: "json", nullable: true),
                    spec = table.Column<string>(type: "json", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleting_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    dirty_seq = table.Column<long>(type: "bigint", nullable: false),
                    reconciled_seq = table.Column<long>(type: "bigint", nullable: false),
                    in_northbound = table.Column<bool>(type: "boolean", nullable: false),
                    rejection = table.Column<string>(type: "text", nullable: true),
                    rejected_as = table.Column<string>(type: "text", nullable: true),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rejections = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    observed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_hosts", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "leader",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    installation = table.Column<Guid>(type: "uuid", nullable: false, defaultValueSql: "gen_random_uuid()"),
                    holder = table.Column<Guid>(type: "uuid", nullable: true),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    heartbeat = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    northbound_seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    hv_cfg = table.Column<long>(type: "bigint", nullable: true),
                    northbound_error = table.Column<string>(type: "text", nullable: true),
                    brake = table.Column<string>(type: "text", nullable: true),
                    brake_id = table.Column<string>(type: "text", nullable: true),
                    released_brake = table.Column<string>(type: "text", nullable: true),
                    mode = table.Column<string>(type: "text", nullable: true),
                    mode_in_force = table.Column<string>(type: "text", nullable: true),
                    last_pass_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    last_pass = table.Column<string>(type: "json", nullable: true),
                    resynced_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_leader", x => x.id);
                    table.CheckConstraint("ck_leader_one", "id = 1");
                });

            migrationBuilder.CreateTable(
                name: "routers",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    router_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: true),
                    labels = table.Column<string>(type: "json", nullable: true),
                    spec = table.Column<string>(type: "json", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleting_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    dirty_seq = table.Column<long>(type: "bigint", nullable: false),
                    reconciled_seq = table.Column<long>(type: "bigint", nullable: false),
                    in_northbound = table.Column<bool>(type: "boolean", nullable: false),
                    rejection = table.Column<string>(type: "text", nullable: true),
                    rejected_as = table.Column<string>(type: "text", nullable: true),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rejections = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    observed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_routers", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "vlan_history",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    vm_id = table.Column<Guid>(type: "uuid", nullable: false),
                    vm_name = table.Column<string>(type: "text", nullable: false),
                    tag = table.Column<int>(type: "integer", nullable: false),
                    lease_id = table.Column<Guid>(type: "uuid", nullable: false),
                    container_id = table.Column<Guid>(type: "uuid", nullable: true),
                    container_name = table.Column<string>(type: "text", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: true),
                    from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vlan_history", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "enrolments",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    token_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    key_sha256 = table.Column<byte[]>(type: "bytea", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_enrolments", x => x.id);
                    table.ForeignKey(
                        name: "fk_enrolments_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "host_credentials",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_sha256 = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_host_credentials", x => x.id);
                    table.ForeignKey(
                        name: "fk_host_credentials_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "host_status",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    seen_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    system_id = table.Column<string>(type: "text", nullable: true),
                    nb_cfg = table.Column<long>(type: "bigint", nullable: true),
                    applied_revision = table.Column<long>(type: "bigint", nullable: false),
                    unknown = table.Column<string[]>(type: "text[]", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_host_status", x => x.host_id);
                    table.ForeignKey(
                        name: "fk_host_status_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "placements",
                columns: table => new
                {
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    object_id = table.Column<Guid>(type: "uuid", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    vm_id = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    wanted = table.Column<bool>(type: "boolean", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    @interface = table.Column<string>(name: "interface", type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    bridge = table.Column<string>(type: "text", nullable: false),
                    digest = table.Column<string>(type: "text", nullable: true),
                    error = table.Column<string>(type: "text", nullable: true),
                    address = table.Column<string>(type: "text", nullable: true),
                    ovn_installed = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_placements", x => new { x.host_id, x.object_id });
                    table.ForeignKey(
                        name: "fk_placements_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "networks",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    subnet = table.Column<string>(type: "text", nullable: true),
                    gateway = table.Column<IPAddress>(type: "inet", nullable: true),
                    gateway_mac = table.Column<PhysicalAddress>(type: "macaddr", nullable: true),
                    router_id = table.Column<Guid>(type: "uuid", nullable: true),
                    dhcp_enabled = table.Column<bool>(type: "boolean", nullable: false),
                    dhcp_lease_time = table.Column<int>(type: "integer", nullable: false),
                    dns_servers = table.Column<string[]>(type: "text[]", nullable: false),
                    domain_name = table.Column<string>(type: "text", nullable: true),
                    mtu = table.Column<int>(type: "integer", nullable: false),
                    reserved = table.Column<string[]>(type: "text[]", nullable: false),
                    switch_name = table.Column<string>(type: "text", nullable: false),
                    switch_existing = table.Column<bool>(type: "boolean", nullable: false),
                    dhcp_options_id = table.Column<Guid>(type: "uuid", nullable: true),
                    switch_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    dhcp_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    router_port_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    switch_router_port_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: true),
                    labels = table.Column<string>(type: "json", nullable: true),
                    spec = table.Column<string>(type: "json", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleting_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    dirty_seq = table.Column<long>(type: "bigint", nullable: false),
                    reconciled_seq = table.Column<long>(type: "bigint", nullable: false),
                    in_northbound = table.Column<bool>(type: "boolean", nullable: false),
                    rejection = table.Column<string>(type: "text", nullable: true),
                    rejected_as = table.Column<string>(type: "text", nullable: true),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rejections = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    observed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_networks", x => x.id);
                    table.ForeignKey(
                        name: "fk_networks_routers_router_id",
                        column: x => x.router_id,
                        principalTable: "routers",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "addresses",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityAlwaysColumn),
                    owner_id = table.Column<Guid>(type: "uuid", nullable: false),
                    network_id = table.Column<Guid>(type: "uuid", nullable: false),
                    mac = table.Column<PhysicalAddress>(type: "macaddr", nullable: false),
                    ip = table.Column<IPAddress>(type: "inet", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_addresses", x => x.id);
                    table.ForeignKey(
                        name: "fk_addresses_networks_network_id",
                        column: x => x.network_id,
                        principalTable: "networks",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "next_addresses",
                columns: table => new
                {
                    network_id = table.Column<Guid>(type: "uuid", nullable: false),
                    ip = table.Column<IPAddress>(type: "inet", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_next_addresses", x => x.network_id);
                    table.ForeignKey(
                        name: "fk_next_addresses_networks_network_id",
                        column: x => x.network_id,
                        principalTable: "networks",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "vms",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: true),
                    bridge = table.Column<string>(type: "text", nullable: false),
                    vlan_ranges = table.Column<string>(type: "text", nullable: false),
                    uplink_interface = table.Column<string>(type: "text", nullable: true),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: true),
                    labels = table.Column<string>(type: "json", nullable: true),
                    spec = table.Column<string>(type: "json", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleting_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    dirty_seq = table.Column<long>(type: "bigint", nullable: false),
                    reconciled_seq = table.Column<long>(type: "bigint", nullable: false),
                    in_northbound = table.Column<bool>(type: "boolean", nullable: false),
                    rejection = table.Column<string>(type: "text", nullable: true),
                    rejected_as = table.Column<string>(type: "text", nullable: true),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rejections = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    observed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    network_id = table.Column<Guid>(type: "uuid", nullable: false),
                    mac = table.Column<PhysicalAddress>(type: "macaddr", nullable: false),
                    ip = table.Column<IPAddress>(type: "inet", nullable: true),
                    port_name = table.Column<string>(type: "text", nullable: false),
                    port_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    @interface = table.Column<string>(name: "interface", type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    addressing = table.Column<int>(type: "integer", nullable: false),
                    workload = table.Column<int>(type: "integer", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    port_security = table.Column<bool>(type: "boolean", nullable: false),
                    up = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vms", x => x.id);
                    table.ForeignKey(
                        name: "fk_vms_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_vms_networks_network_id",
                        column: x => x.network_id,
                        principalTable: "networks",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "containers",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    vm_id = table.Column<Guid>(type: "uuid", nullable: false),
                    tag = table.Column<int>(type: "integer", nullable: false),
                    observed_tag = table.Column<int>(type: "integer", nullable: true),
                    name = table.Column<string>(type: "text", nullable: false),
                    description = table.Column<string>(type: "text", nullable: true),
                    labels = table.Column<string>(type: "json", nullable: true),
                    spec = table.Column<string>(type: "json", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    generation = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    deleting_since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    dirty_seq = table.Column<long>(type: "bigint", nullable: false),
                    reconciled_seq = table.Column<long>(type: "bigint", nullable: false),
                    in_northbound = table.Column<bool>(type: "boolean", nullable: false),
                    rejection = table.Column<string>(type: "text", nullable: true),
                    rejected_as = table.Column<string>(type: "text", nullable: true),
                    retry_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    rejections = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    observed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    network_id = table.Column<Guid>(type: "uuid", nullable: false),
                    mac = table.Column<PhysicalAddress>(type: "macaddr", nullable: false),
                    ip = table.Column<IPAddress>(type: "inet", nullable: true),
                    port_name = table.Column<string>(type: "text", nullable: false),
                    port_uuid = table.Column<Guid>(type: "uuid", nullable: false),
                    @interface = table.Column<string>(name: "interface", type: "text", nullable: false),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    addressing = table.Column<int>(type: "integer", nullable: false),
                    workload = table.Column<int>(type: "integer", nullable: false),
                    enabled = table.Column<bool>(type: "boolean", nullable: false),
                    port_security = table.Column<bool>(type: "boolean", nullable: false),
                    up = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_containers", x => x.id);
                    table.ForeignKey(
                        name: "fk_containers_networks_network_id",
                        column: x => x.network_id,
                        principalTable: "networks",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_containers_vms_vm_id",
                        column: x => x.vm_id,
                        principalTable: "vms",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "vlan_leases",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    vm_id = table.Column<Guid>(type: "uuid", nullable: false),
                    tag = table.Column<int>(type: "integer", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false),
                    container_id = table.Column<Guid>(type: "uuid", nullable: true),
                    container_name = table.Column<string>(type: "text", nullable: true),
                    successor_id = table.Column<Guid>(type: "uuid", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: true),
                    ttl = table.Column<string>(type: "text", nullable: true),
                    expires_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    since = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    drain_nb_cfg = table.Column<long>(type: "bigint", nullable: true),
                    awaits_all_chassis = table.Column<bool>(type: "boolean", nullable: false),
                    cool_until = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    former_ip = table.Column<IPAddress>(type: "inet", nullable: true),
                    former_mac = table.Column<PhysicalAddress>(type: "macaddr", nullable: true),
                    revision = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_vlan_leases", x => x.id);
                    table.CheckConstraint("ck_vlan_leases_tag", "tag BETWEEN 1 AND 4094");
                    table.ForeignKey(
                        name: "fk_vlan_leases_vms_vm_id",
                        column: x => x.vm_id,
                        principalTable: "vms",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "lease_holds",
                columns: table => new
                {
                    lease_id = table.Column<Guid>(type: "uuid", nullable: false),
                    host_id = table.Column<Guid>(type: "uuid", nullable: false),
                    after_revision = table.Column<long>(type: "bigint", nullable: true),
                    clear = table.Column<bool>(type: "boolean", nullable: false),
                    detached = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_lease_holds", x => new { x.lease_id, x.host_id });
                    table.ForeignKey(
                        name: "fk_lease_holds_hosts_host_id",
                        column: x => x.host_id,
                        principalTable: "hosts",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "fk_lease_holds_vlan_leases_lease_id",
                        column: x => x.lease_id,
                        principalTable: "vlan_leases",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ux_addresses_ip",
                table: "addresses",
                columns: new[] { "network_id", "ip" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_addresses_mac",
                table: "addresses",
                columns: new[] { "network_id", "mac" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_addresses_owner",
                table: "addresses",
                column: "owner_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_api_keys_hash",
                table: "api_keys",
                column: "key_sha256",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_changes_object_id_number",
                table: "changes",
                columns: new[] { "object_id", "number" });

            migrationBuilder.CreateIndex(
                name: "ix_claimed_names_owner_id",
                table: "claimed_names",
                column: "owner_id");

            migrationBuilder.CreateIndex(
                name: "ix_containers_deleting",
                table: "containers",
                column: "deleting_since",
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_containers_dirty",
                table: "containers",
                column: "dirty_seq",
                filter: "dirty_seq > reconciled_seq");

            migrationBuilder.CreateIndex(
                name: "ix_containers_network_id",
                table: "containers",
                column: "network_id");

            migrationBuilder.CreateIndex(
                name: "ix_containers_predecessor",
                table: "containers",
                columns: new[] { "vm_id", "name" },
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_containers_retry",
                table: "containers",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_containers_name",
                table: "containers",
                columns: new[] { "vm_id", "name" },
                unique: true,
                filter: "deleting_since IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_enrolments_host_id",
                table: "enrolments",
                column: "host_id");

            migrationBuilder.CreateIndex(
                name: "ix_enrolments_token_sha256",
                table: "enrolments",
                column: "token_sha256",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_host_credentials_host_id",
                table: "host_credentials",
                column: "host_id");

            migrationBuilder.CreateIndex(
                name: "ix_host_credentials_key_sha256",
                table: "host_credentials",
                column: "key_sha256",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_hosts_deleting",
                table: "hosts",
                column: "deleting_since",
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_dirty",
                table: "hosts",
                column: "dirty_seq",
                filter: "dirty_seq > reconciled_seq");

            migrationBuilder.CreateIndex(
                name: "ix_hosts_retry",
                table: "hosts",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_hosts_name",
                table: "hosts",
                column: "name",
                unique: true,
                filter: "deleting_since IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_lease_holds_host_id",
                table: "lease_holds",
                column: "host_id");

            migrationBuilder.CreateIndex(
                name: "ix_networks_deleting",
                table: "networks",
                column: "deleting_since",
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_networks_dirty",
                table: "networks",
                column: "dirty_seq",
                filter: "dirty_seq > reconciled_seq");

            migrationBuilder.CreateIndex(
                name: "ix_networks_retry",
                table: "networks",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_networks_router_id",
                table: "networks",
                column: "router_id");

            migrationBuilder.CreateIndex(
                name: "ux_networks_name",
                table: "networks",
                column: "name",
                unique: true,
                filter: "deleting_since IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_placements_object_id",
                table: "placements",
                column: "object_id");

            migrationBuilder.CreateIndex(
                name: "ix_placements_vm_id_host_id",
                table: "placements",
                columns: new[] { "vm_id", "host_id" });

            migrationBuilder.CreateIndex(
                name: "ix_routers_deleting",
                table: "routers",
                column: "deleting_since",
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_routers_dirty",
                table: "routers",
                column: "dirty_seq",
                filter: "dirty_seq > reconciled_seq");

            migrationBuilder.CreateIndex(
                name: "ix_routers_retry",
                table: "routers",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_routers_name",
                table: "routers",
                column: "name",
                unique: true,
                filter: "deleting_since IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_lease_id",
                table: "vlan_history",
                column: "lease_id",
                filter: "until IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_vm_id_tag_until",
                table: "vlan_history",
                columns: new[] { "vm_id", "tag", "until" });

            migrationBuilder.CreateIndex(
                name: "ix_vlan_history_vm_name_id",
                table: "vlan_history",
                columns: new[] { "vm_name", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_cool_until",
                table: "vlan_leases",
                column: "cool_until",
                filter: "state = 'Cooling'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_draining",
                table: "vlan_leases",
                column: "since",
                filter: "state = 'Draining'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_expires_at",
                table: "vlan_leases",
                column: "expires_at",
                filter: "state = 'Reserved'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_former",
                table: "vlan_leases",
                column: "container_id",
                filter: "state <> 'Bound'");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_in_northbound",
                table: "vlan_leases",
                column: "drain_nb_cfg",
                filter: "state = 'Draining' AND drain_nb_cfg IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_name",
                table: "vlan_leases",
                columns: new[] { "vm_id", "container_name" },
                filter: "former_mac IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vlan_leases_successor_id",
                table: "vlan_leases",
                column: "successor_id",
                filter: "successor_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_vlan_leases_container",
                table: "vlan_leases",
                column: "container_id",
                unique: true,
                filter: "state = 'Bound'");

            migrationBuilder.CreateIndex(
                name: "ux_vlan_leases_owner",
                table: "vlan_leases",
                columns: new[] { "vm_id", "owner" },
                unique: true,
                filter: "state IN ('Reserved', 'Bound')");

            migrationBuilder.CreateIndex(
                name: "ux_vlan_leases_tag",
                table: "vlan_leases",
                columns: new[] { "vm_id", "tag" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_vms_deleting",
                table: "vms",
                column: "deleting_since",
                filter: "deleting_since IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_vms_dirty",
                table: "vms",
                column: "dirty_seq",
                filter: "dirty_seq > reconciled_seq");

            migrationBuilder.CreateIndex(
                name: "ix_vms_host_id",
                table: "vms",
                column: "host_id");

            migrationBuilder.CreateIndex(
                name: "ix_vms_network_id",
                table: "vms",
                column: "network_id");

            migrationBuilder.CreateIndex(
                name: "ix_vms_retry",
                table: "vms",
                column: "retry_at",
                filter: "retry_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_vms_name",
                table: "vms",
                column: "name",
                unique: true,
                filter: "deleting_since IS NULL");
            // The one row that says which process reconciles; it draws the installation's id.
            migrationBuilder.Sql("INSERT INTO leader (id, epoch) VALUES (1, 0)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "addresses");

            migrationBuilder.DropTable(
                name: "api_keys");

            migrationBuilder.DropTable(
                name: "changes");

            migrationBuilder.DropTable(
                name: "claimed_names");

            migrationBuilder.DropTable(
                name: "containers");

            migrationBuilder.DropTable(
                name: "enrolments");

            migrationBuilder.DropTable(
                name: "host_credentials");

            migrationBuilder.DropTable(
                name: "host_status");

            migrationBuilder.DropTable(
                name: "leader");

            migrationBuilder.DropTable(
                name: "lease_holds");

            migrationBuilder.DropTable(
                name: "next_addresses");

            migrationBuilder.DropTable(
                name: "placements");

            migrationBuilder.DropTable(
                name: "vlan_history");

            migrationBuilder.DropTable(
                name: "vlan_leases");

            migrationBuilder.DropTable(
                name: "vms");

            migrationBuilder.DropTable(
                name: "hosts");

            migrationBuilder.DropTable(
                name: "networks");

            migrationBuilder.DropTable(
                name: "routers");

            migrationBuilder.DropSequence(
                name: "change_seq");

            migrationBuilder.DropSequence(
                name: "dirty_seq");
        }
    }
}
