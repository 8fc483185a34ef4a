// Creates a network, a host, a VM and a container with a typed client, waits until they are ready, and prints what the service chose.
//   npm ci && NEST_URL=http://127.0.0.1:8080 NEST_KEY=nest_… npm start
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/nest.js";

type Problem = components["schemas"]["ProblemDetails"];

const nest = createClient<paths>({
  baseUrl: process.env.NEST_URL ?? "",
  headers: { Authorization: `Bearer ${process.env.NEST_KEY}` },
});

/** Returns the resource of a response; throws if the response is a problem, with its stable code and its detail. */
async function resource<T>(response: Promise<{ data?: T; error?: Problem }>): Promise<NonNullable<T>> {
  const { data, error } = await response;
  if (data === undefined || data === null) {
    throw new Error(`${error?.code}: ${error?.detail}`);
  }
  return data;
}

const named = (name: string) => ({ path: { name } });
const c51 = { vm: "vm5", name: "c51" };

await resource(nest.PUT("/v1/routers/{name}", { params: named("tenant1"), body: {} }));
await resource(
  nest.PUT("/v1/networks/{name}", {
    params: named("dmz"),
    body: { spec: { subnet: "172.16.255.128/26", router: "tenant1" } },
  }),
);
await resource(nest.PUT("/v1/hosts/{name}", { params: named("ubuntu2"), body: {} }));
await resource(nest.PUT("/v1/vms/{name}", { params: named("vm5"), body: { spec: { network: "dmz", host: "ubuntu2" } } }));
await resource(nest.PUT("/v1/vms/{vm}/containers/{name}", { params: { path: c51 }, body: { spec: { vlan: 51 } } }));

const vm = await resource(nest.GET("/v1/vms/{name}/wait", { params: { ...named("vm5"), query: { timeout: "60s" } } }));
const container = await resource(
  nest.GET("/v1/vms/{vm}/containers/{name}/wait", { params: { path: c51, query: { timeout: "60s" } } }),
);
console.log(`vm5: ${vm.status.effective.ip}`);
console.log(`c51: ${container.status.effective.ip}, tag ${container.status.effective.vlan}`);
