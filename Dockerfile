# One image for every process of pawl: worker, sandbox and CLI. Debian, because Temporal's native core needs glibc.
FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci
COPY tsconfig.json ./
COPY scripts/bundle-programs.mjs scripts/bundle-programs.mjs
COPY domain domain
COPY files files
COPY report report
COPY store store
COPY workflows workflows
COPY activities activities
COPY worker worker
COPY client client
COPY server server
COPY sandbox sandbox
RUN npm run build

FROM base
ENV NODE_ENV=production \
    PAWL_HOME=/var/lib/pawl
RUN npm ci --omit=dev \
 && npm cache clean --force \
 && mkdir -p /var/lib/pawl /var/lib/sandbox \
 && chown node:node /var/lib/pawl /var/lib/sandbox
COPY --from=build /app/lib lib
COPY sandbox/models sandbox/models
USER node
CMD ["node", "lib/worker/main.js"]
