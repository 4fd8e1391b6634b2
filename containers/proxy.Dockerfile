# Caddy as an ordinary user: it listens above 1024, so it needs no capability, and keeps certificates in /caddy.
FROM caddy:2-alpine
RUN setcap -r /usr/bin/caddy && install -d -o 1000 -g 1000 /caddy
ENV XDG_DATA_HOME=/caddy/data XDG_CONFIG_HOME=/caddy/config HOME=/tmp
COPY containers/Caddyfile /etc/caddy/Caddyfile
USER 1000:1000
