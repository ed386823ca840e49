# syntax=docker/dockerfile:1
# For this machine only:
#   docker build -t bidi-sse . && docker run -p 127.0.0.1:8000:8000 -e ALLOWED_HOSTS=localhost -e AUTH_NONE_BEYOND_LOOPBACK=yes -e GOOGLE_API_KEY bidi-sse
# For others, with AUTH_TOKENS=user:token in the environment:
#   docker run -p 8000:8000 -e ALLOWED_HOSTS=app.example.com -e AUTH=token -e AUTH_TOKENS -e GOOGLE_API_KEY bidi-sse
FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has Node: the install script of the devDependency `node`, which downloads another one, is not needed. esbuild needs its own.
RUN npm ci --ignore-scripts && npm rebuild esbuild
COPY esbuild.config.mjs tsconfig.json ./
COPY src ./src
COPY public ./public
RUN node esbuild.config.mjs && npm prune --omit=dev --ignore-scripts

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Conversations and their files. With -v conversations:/app/data they outlive the container.
RUN mkdir data && chown node:node data && chmod 700 data
VOLUME /app/data
USER node
EXPOSE 8000
# Asks the address that HOST and PORT name. Options on the command line are unknown to it: set HOST and PORT instead of --host and --port.
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s CMD ["node", "dist/cli.js", "health"]
CMD ["node", "--max-semi-space-size=16", "dist/cli.js"]
