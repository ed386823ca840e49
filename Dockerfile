# syntax=docker/dockerfile:1
# docker build -t bidi-sse . && docker run -p 127.0.0.1:8000:8000 -e ALLOWED_HOSTS=localhost -e GOOGLE_API_KEY bidi-sse
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has its Node: the one that the package brings for older machines is not needed here. Not `npm ci`: it refuses a lock file that
# does not name the packages of every platform there is.
RUN npm install --ignore-scripts && npm rebuild esbuild
COPY esbuild.config.mjs tsconfig.json ./
COPY src ./src
COPY public ./public
RUN node esbuild.config.mjs && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "dist/cli.js"]
