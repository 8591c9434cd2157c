# Of builds by sparkup alone: what went into the image.
COPY sparkup-build.jso[n] /workspace/
