ARG DEBIAN=debian:bullseye

# Caffe with CUDA, from Debian 11's own source package: the same commit and patches as its python3-caffe.
FROM ${DEBIAN} AS caffe-cuda
# Compute capabilities to compile for (52: the paper's TITAN X), and the one whose PTX newer cards compile at start.
ARG CUDA_ARCH_BIN="52 60 70 75 80 86"
ARG CUDA_ARCH_PTX=86
ARG EGL_MIRROR
ARG DEBIAN_FRONTEND=noninteractive
COPY runtime/apt-update /usr/local/sbin/
WORKDIR /build
# Unlike what is installed below, nothing of this stage but /caffe is kept, and Debian 11 no longer changes: no versions.
# hadolint ignore=DL3008
RUN apt-update contrib non-free \
 && apt-get install -y -qq --no-install-recommends dpkg-dev nvidia-cuda-toolkit \
 && apt-get build-dep -y -qq --arch-only caffe \
 && apt-get source -qq caffe=1.0.0+git20180821.99bd997-8 \
 && mv caffe-* caffe \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN cmake -S caffe -B make -DCMAKE_BUILD_TYPE=Release -DCMAKE_SKIP_RPATH=TRUE -DCPU_ONLY=OFF -DUSE_CUDNN=OFF -DUSE_NCCL=OFF \
          -DBLAS=Generic -DBUILD_docs=OFF -DBUILD_python=ON -DBUILD_python_layer=ON -Dpython_version=3 \
          -DCUDA_ARCH_NAME=Manual "-DCUDA_ARCH_BIN=${CUDA_ARCH_BIN}" "-DCUDA_ARCH_PTX=${CUDA_ARCH_PTX}" \
 && make -C make -j"$(nproc)" caffe pycaffe \
 && mkdir -p /caffe/lib/python3.9/dist-packages \
 && cp -P make/lib/libcaffe.so* /caffe/lib \
 && cp -rL caffe/python/caffe /caffe/lib/python3.9/dist-packages \
 && strip --strip-unneeded /caffe/lib/libcaffe.so.*.*.* /caffe/lib/python3.9/dist-packages/caffe/_caffe.so

# Everything: Debian's Caffe, which computes on the CPU, and the project.
FROM ${DEBIAN} AS cpu
ARG EGL_MIRROR
ARG DEBIAN_FRONTEND=noninteractive
WORKDIR /opt/egl
COPY runtime/apt-update runtime/debian-packages.txt runtime/
# Which packages, and which versions matter: debian-packages.txt. Documentation is a tenth of them; licences stay.
# hadolint ignore=DL3008
RUN printf 'path-exclude=/usr/share/%s/*\n' doc man locale > /etc/dpkg/dpkg.cfg.d/90slim \
 && echo 'path-include=/usr/share/doc/*/copyright' >> /etc/dpkg/dpkg.cfg.d/90slim \
 && runtime/apt-update \
 && sed 's/[[:space:]]*#.*//; /^$/d' runtime/debian-packages.txt > /tmp/packages \
 && xargs -a /tmp/packages apt-get install -y -qq --no-install-recommends \
 && apt-get clean && rm -rf /tmp/packages /var/lib/apt/lists/* /var/cache/debconf/* /var/log/*.log
COPY . .
RUN python3 -m compileall -q . && runtime/caffe python3 runtime/sbom.py sbom.json \
 && ln -s /opt/egl/runtime/container /usr/local/bin/egl && mkdir -m 1777 /results
# Whoever runs it (--user) may lack a home, and all but /tmp and /results may be read-only.
ENV HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1
ARG EGL_VERSION
ARG EGL_COMMIT
ENV EGL_COMMIT=${EGL_COMMIT}
LABEL org.opencontainers.image.title="egl-caffe" \
      org.opencontainers.image.description="Active learning by expected gradient length with Caffe, for exudates in eye fundus photographs" \
      org.opencontainers.image.licenses="BSD-2-Clause" \
      org.opencontainers.image.version="${EGL_VERSION}" \
      org.opencontainers.image.revision="${EGL_COMMIT}"
# `egl reproduce` without more: the quick experiments, and into /results.
WORKDIR /
USER 1000:1000
ENTRYPOINT ["egl"]
CMD ["reproduce"]

# The same with the Caffe that computes on a GPU where there is one.
FROM cpu AS cuda
USER 0
ARG EGL_MIRROR
ARG DEBIAN_FRONTEND=noninteractive
RUN /opt/egl/runtime/apt-update contrib non-free \
 && apt-get install -y -qq --no-install-recommends \
        libcublas11=11.4.1.1043~11.2.2-3+deb11u3 libcudart11.0=11.2.152~11.2.2-3+deb11u3 libcurand10=11.1.1+~10.2.3.152~11.2.2-3+deb11u3 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /var/log/*.log
# In /usr/local, which both the loader and Python look through before Debian's own.
COPY --from=caffe-cuda /caffe /usr/local
RUN ldconfig && /opt/egl/runtime/caffe python3 /opt/egl/runtime/sbom.py /opt/egl/sbom.json
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000:1000
