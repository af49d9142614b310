# Moodtracker in a container: no root, nothing written but /data.
#   docker build -t moodtracker .
#   docker run -p 8080:8080 -v mood:/data moodtracker
# Any slim Debian image with Python 3.11 or newer will do as its base. For a build that can be told
# again, name it by its digest: --build-arg BASE=docker.io/library/python@sha256:...
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends binutils tini
ENV PATH=/opt/moodtracker/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/moodtracker
COPY requirements.lock /app/
RUN pip install --quiet --no-compile --require-hashes -r /app/requirements.lock
# Smaller by 80 MB: debug symbols (but where they were moved after linking, as in Pillow and psycopg),
# sources, and what no page here uses: NiceGUI's larger drawing libraries and its files for
# debugging, Pillow's AVIF, the grammars of programming languages.
RUN cd /opt/moodtracker/lib/python3*/site-packages \
    && find . -name '*.so' ! -path './PIL/*' ! -path './psycopg*' -exec strip --strip-unneeded {} + \
    && find . -type f \( -name '*.c' -o -name '*.cpp' -o -name '*.pyx' -o -name '*.pxd' \) -delete \
    && for name in aggrid codemirror echart json_editor mermaid plotly; do rm -r "nicegui/elements/$name/dist"; done \
    && rm nicegui/static/sass.dart.js PIL/_avif.*.so pillow.libs/libavif-* \
    && cd nicegui/static && rm quasar.umd.js quasar.important.css quasar.unimportant.css vue.esm-browser.js \
    && cd ../../pygments/lexers && find . -name '*.py' ! -name '__init__.py' ! -name '_mapping.py' -delete
COPY pyproject.toml README.md LICENSE main.py /app/
COPY assets /app/assets
COPY moodtracker /app/moodtracker
COPY pages /app/pages
# Smaller by 12 MB, and safer: what `moodtracker/starting.py` does without, and what that alone needs.
# Smaller by 30 MB: Babel knows how to write a date in 300 languages that no page here speaks.
# Only what is loaded at the start, or by most mails, is compiled: a start is quick on a read-only disk.
RUN pip install --quiet --no-compile --no-deps --no-build-isolation --editable /app \
    && pip uninstall --quiet --yes pip setuptools watchfiles \
        aiohttp aiohappyeyeballs aiosignal attrs frozenlist multidict propcache yarl \
    && cd /app && python3 -c 'import pathlib, babel, moodtracker.language as ours; \
spoken = {tag.split("-")[0] for tag in ours.LANGUAGES} | {"root"}; \
[file.unlink() for file in pathlib.Path(babel.__file__).with_name("locale-data").glob("*.dat") \
 if file.stem.split("_")[0] not in spoken]' \
    && cd /app && python3 -c 'import main, moodtracker.drawing.png, moodtracker.cli.healthcheck, moodtracker.cli.check' \
    && rm -rf build ./*.egg-info/SOURCES.txt

# What is in it, package by package (CycloneDX), by a tool that stays behind.
COPY requirements-audit.lock /tmp/
RUN python3 -m venv /tmp/audit && /tmp/audit/bin/pip install --quiet --require-hashes -r /tmp/requirements-audit.lock \
    && /tmp/audit/bin/cyclonedx-py environment --no-validate --output-reproducible -o /app/sbom.json /opt/moodtracker

FROM ${BASE}
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Moodtracker" \
      org.opencontainers.image.description="A small, private mood board: two moods a day, a year of colour, yours to keep." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="${BASE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/bin/tini-static /usr/bin/tini
COPY --from=build /opt/moodtracker /opt/moodtracker
COPY --from=build /app /app
# The number is fixed, so that a folder on the host can be given to it.
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/moodtracker/bin:$PATH HOME=/data \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MOODTRACKER_DATA_DIR=/data MOODTRACKER_HOST=0.0.0.0
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["moodtracker", "healthcheck"]
# tini passes signals on, and buries what is left of processes.
ENTRYPOINT ["tini", "--", "moodtracker"]
CMD ["serve"]
