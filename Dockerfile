# Builds and serves: docker build -t blockemu . ; docker run --rm -p 127.0.0.1:10809:10809 -p 127.0.0.1:10810:10810 blockemu
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish Server -c Release -o /out/server \
 && dotnet publish tools/blockemu -c Release -o /out/cli

FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /out/server /opt/blockemu/server
COPY --from=build /out/cli /opt/blockemu/cli
RUN ln -s /opt/blockemu/server/blockemu-server /opt/blockemu/cli/blockemu /usr/local/bin/
USER $APP_UID
WORKDIR /data
EXPOSE 10809 10810
# Inside a container "everywhere" is the container's own network; which of it is published is docker run's business.
# Give --admin-token-file instead of --insecure-admin where the network is shared.
ENTRYPOINT ["blockemu-server", "--nbd", "0.0.0.0:10809", "--admin", "0.0.0.0:10810"]
CMD ["--insecure-admin"]
