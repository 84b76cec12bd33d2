# The service; `docker compose up` runs it with a volume.
FROM python:3.12-slim

WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt '.[server]' && rm -rf /src

RUN useradd --system --uid 10001 podium && install -d -o podium -g podium /data
USER podium
WORKDIR /data
ENV PODIUM_DATA_DIR=/data
VOLUME /data
EXPOSE 50051

# The container's own loopback can't be published, so the service listens on all of the container's
# interfaces, in plain text: whoever runs it decides who reaches the port.
ENTRYPOINT ["podium"]
CMD ["serve", "--insecure", "--listen", "0.0.0.0:50051"]
