/**
 * The directions that hold between the parts of Lyceum. `npm run check` fails on a break.
 * docs/adr/0001-one-tree-one-direction.md says why.
 */
const services = '^(gateway|subgraphs/[^/]+|workers|web)/';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle hides who owns what.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '__generated__' } },
    },
    {
      name: 'services-never-import-services',
      comment: 'Services meet over the graph, events and jobs.',
      severity: 'error',
      from: { path: '^(gateway|subgraphs/[^/]+|workers|web)/' },
      to: { path: services, pathNot: '^$1/' },
    },
    {
      name: 'packages-know-no-service',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/testing/' },
      to: { path: `${services}|^(prisma|cli|tools|e2e|chaos)/` },
    },
    {
      name: 'contracts-are-a-leaf',
      severity: 'error',
      from: { path: '^packages/contracts/' },
      to: { path: '^(packages/(?!contracts/)|prisma/|gateway/|subgraphs/|workers/|cli/|tools/|e2e/|chaos/)' },
    },
    {
      name: 'database-knows-no-service',
      severity: 'error',
      from: { path: '^prisma/' },
      to: { path: `${services}|^(cli|tools|e2e|chaos)/` },
    },
    {
      name: 'chaos-stands-outside',
      comment: 'A fault scenario starts services as processes and sees what their clients see.',
      severity: 'error',
      from: { path: '^chaos/' },
      to: { path: `${services}|^(cli|tools|e2e)/` },
    },
    {
      name: 'chaos-asks-the-database-for-its-making-alone',
      comment: 'One file makes the databases and reads their rows past the services, one writes as a service does.',
      severity: 'error',
      from: { path: '^chaos/', pathNot: '^chaos/support/(databases|event-writer)\\.ts$' },
      to: { path: '^prisma/' },
    },
    {
      name: 'bench-stands-outside',
      comment: 'It starts the gateway as the process it is, and its peers likewise; it has its own dependencies.',
      severity: 'error',
      from: { path: '^bench/', pathNot: '^bench/data/' },
      to: { path: `${services}|^(prisma|cli|tools|e2e|chaos)/` },
    },
    {
      name: 'the-bench-of-data-calls-what-is-exported',
      comment: 'It measures the repositories of subgraphs as they are, on databases of its own.',
      severity: 'error',
      from: { path: '^bench/data/' },
      to: { path: '^(gateway|workers|web|cli|tools|e2e|chaos)/' },
    },
    {
      name: 'the-bench-of-the-gateway-knows-no-packages',
      comment: 'What stands around the gateway is written by hand. Other benches are built as the product is.',
      severity: 'error',
      from: { path: '^bench/(?!subscriptions/|data/)' },
      to: { path: '^packages/' },
    },
    {
      name: 'only-the-database-imports-prisma',
      severity: 'error',
      from: { pathNot: '^(prisma/|node_modules/)' },
      to: { path: 'node_modules/(@prisma/|prisma/)' },
    },
    {
      name: 'the-gateway-has-no-database',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^prisma/' },
    },
    {
      name: 'only-repositories-and-resources-import-the-database',
      comment: 'Everything else gets its data from a repository, or a session from the context.',
      severity: 'error',
      from: {
        path: '^(subgraphs/[^/]+|workers)/src/',
        pathNot: '(\\.repository\\.ts|/resources\\.ts|\\.test\\.ts)$',
      },
      to: { path: '^prisma/' },
    },
    {
      name: 'resolvers-never-import-repositories',
      comment: 'A resolver asks a service or a loader.',
      severity: 'error',
      from: { path: '\\.resolvers\\.ts$' },
      to: { path: '\\.repository\\.ts$' },
    },
    {
      name: 'services-and-repositories-know-no-graphql',
      severity: 'error',
      from: { path: '\\.(service|repository)\\.ts$' },
      to: { path: 'node_modules/(graphql|graphql-yoga|@apollo)/|__generated__/resolver-types' },
    },
    {
      name: 'apollo-elastic-licence-stays-in-two-places',
      comment: 'These packages carry the Elastic License 2.0; see the README.',
      severity: 'error',
      from: {
        pathNot: '^(gateway/src/federation/|gateway/test/|bench/gateway/|tools/compose(/|\\.ts$)|node_modules/)',
      },
      to: { path: 'node_modules/@apollo/(gateway|composition|query-planner|federation-internals)/' },
    },
    {
      name: 'processors-know-no-queue',
      severity: 'error',
      from: { path: '^workers/src/processors/' },
      to: { path: 'node_modules/bullmq/' },
    },
    {
      name: 'no-unresolvable',
      comment: '@graphql-typed-document-node/core holds types alone.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@graphql-typed-document-node/core$' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.lyceum|__generated__/[^/]+/(internal|models))/|^bench/gateway/peers/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
